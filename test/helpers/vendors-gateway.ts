/** A gateway in front of a fake vendor of each API kind, and calls of its own API. */
import { expect } from 'vitest';
import { API_KINDS, PROTOCOLS } from '../fakes/vendors/protocols.js';
import { startVendor, type VendorFake } from '../fakes/vendors/vendor-server.js';
import { startHttpApp, type TestApp } from './http-app.js';
import { makeConversation, type TestConversation } from './make-conversation.js';

export interface VendorsGateway {
  readonly vendors: Readonly<Record<string, VendorFake>>;
  readonly conversation: TestConversation;
  readonly app: TestApp;
}

/** The model of each is `<kind>/fake-model`. */
export async function startVendorsGateway(): Promise<VendorsGateway> {
  const vendors = Object.fromEntries(await Promise.all(API_KINDS.map(async (api) => [api, await startVendor(PROTOCOLS[api])] as const)));
  const providers = Object.fromEntries(
    Object.entries(vendors).map(([api, { baseUrl }]) => [
      api,
      { api, baseUrl, apiKey: 'key-of-the-fake', models: [{ id: 'fake-model', maxTokens: 700 }] },
    ]),
  );
  const conversation = await makeConversation({ models: { providers } });
  return { vendors, conversation, app: await startHttpApp({ services: conversation }) };
}

/** @returns the text of an answer with status 200 */
export async function post({ app }: Pick<VendorsGateway, 'app'>, path: string, body: object): Promise<string> {
  const answer = await app.send(path, { method: 'POST', body });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.text;
}
