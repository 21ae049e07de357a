/** The gateway's `/v1/messages` in front of a fake vendor. */
import Anthropic from '@anthropic-ai/sdk';
import type { ApiKind } from '../../shared/config/models-schema.js';
import { PARTICULAR_MODELS } from '../fakes/vendors/particular-models.js';
import { PROTOCOLS } from '../fakes/vendors/protocols.js';
import { startVendor, type VendorFake } from '../fakes/vendors/vendor-server.js';
import { startHttpApp, type TestApp, TOKEN } from './http-app.js';
import { type ConversationOptions, makeConversation, type TestConversation } from './make-conversation.js';

export interface MessagesGateway extends TestApp {
  readonly vendor: VendorFake;
  readonly conversation: TestConversation;
  readonly baseURL: string;
  /** The unmodified SDK, without retries of its own. */
  readonly client: Anthropic;
}

/**
 * Models: `up/fake-model`, which is known to reason, `up/plain`, `up/gone`, which the vendor does not have, and those of the fake that have ways
 * of their own.
 */
export async function startMessagesGateway(api: ApiKind, config: object = {}, options: ConversationOptions = {}): Promise<MessagesGateway> {
  const vendor = await startVendor(PROTOCOLS[api]);
  const names = [
    { id: 'fake-model', maxTokens: 777, reasoning: true },
    { id: 'plain' },
    { id: 'gone' },
    ...PARTICULAR_MODELS.map((id) => ({ id, reasoning: true })),
  ];
  const models = { providers: { up: { baseUrl: vendor.baseUrl, api, apiKey: 'key-of-the-fake', models: names } } };
  const conversation = await makeConversation({ ...options, config, models });
  const app = await startHttpApp({ services: conversation });
  const baseURL = `http://127.0.0.1:${app.port}`;
  return { ...app, vendor, conversation, baseURL, client: new Anthropic({ baseURL, apiKey: TOKEN, maxRetries: 0 }) };
}
