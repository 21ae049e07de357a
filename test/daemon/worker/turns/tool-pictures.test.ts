import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { google } from '../../../fakes/vendors/google.js';
import { openAiCompletions } from '../../../fakes/vendors/openai-completions.js';
import { openAiResponses } from '../../../fakes/vendors/openai-responses.js';
import { type Body, listOf } from '../../../fakes/vendors/vendor-protocol.js';
import { calls, fails, says } from '../../../fakes/vendors/vendor-reply.js';
import { startVendor, type VendorFake } from '../../../fakes/vendors/vendor-server.js';
import { ask, makeConversation } from '../../../helpers/make-conversation.js';
import { everything } from '../../../helpers/mcp-servers.js';

const DATA = 'iVBORw0KGgoAAAANSUhEUgAAABQ';
const NAME = 'all__get-tiny-image';
const LINE = "Here's the image you requested:\n(an image, 4 KB)\nThe image above is the MCP logo.";
const data = expect.stringMatching(`^${DATA}`) as string;
const url = expect.stringMatching(`^data:image/png;base64,${DATA}`) as string;
const look = (id: string) => calls({ id, name: NAME, input: {} });
const parts = (body: Body | undefined, key: string): Body[] => listOf(body?.[key]);
const bodies = ({ requests }: VendorFake): Body[] => requests.map(({ body }) => body);
const pictures = (body: Body | undefined): number => JSON.stringify(body).split(DATA).length - 1;

/** Where each API has the results of tools, and what is expected there. */
const VENDORS: Readonly<Record<ApiKind, { protocol: typeof anthropic; end(body: Body | undefined): unknown; shown: unknown }>> = {
  'anthropic-messages': {
    protocol: anthropic,
    end: (body) => parts(body, 'messages').at(-1),
    shown: {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          content: [
            { type: 'text', text: LINE },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
          ],
        },
      ],
    },
  },
  'openai-responses': {
    protocol: openAiResponses,
    end: (body) => parts(body, 'input').at(-1),
    shown: {
      type: 'function_call_output',
      output: [
        { type: 'input_text', text: LINE },
        { type: 'input_image', image_url: url },
      ],
    },
  },
  'openai-completions': {
    protocol: openAiCompletions,
    end: (body) => parts(body, 'messages').slice(-2),
    shown: [
      { role: 'tool', content: `${LINE}\n(The files of this result follow.)`, tool_call_id: 'c1' },
      {
        role: 'user',
        content: [
          { type: 'text', text: `Files of the result of '${NAME}' (call c1):` },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  },
  'google-generative-ai': {
    protocol: google,
    end: (body) => parts(body, 'contents').at(-1),
    shown: {
      role: 'user',
      parts: [
        { functionResponse: { name: NAME, response: { content: LINE } } },
        { inlineData: { mimeType: 'image/png', data } },
        { text: expect.any(String) as string },
      ],
    },
  },
};

test('a picture that a tool shows reaches the models of every vendor that see, in later turns and after a dead worker too', async () => {
  const started = await Promise.all(
    Object.entries(VENDORS).map(async ([api, { protocol }]) => ({ api: api as ApiKind, fake: await startVendor(protocol) })),
  );
  const models = [{ id: 'fake-model', input: ['text', 'image'] }, { id: 'blind' }];
  const providers = Object.fromEntries(
    started.map(({ api, fake }) => [api, { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api, models }]),
  );
  const agents = { defaults: { model: 'anthropic-messages/fake-model' } };
  const config = { agents, mcp: { servers: { all: everything() } } };
  const first = await makeConversation({ config, models: { providers }, instanceId: 'wk_1' });
  for (const { api, fake } of started) {
    fake.reply(look('c1'), says('seen'));
    const { last } = await ask(first, { message: 'look', session: api, model: `${api}/fake-model` });
    expect(last).toMatchObject({ type: 'done', reply: 'seen' });
    expect(VENDORS[api].end(bodies(fake)[1])).toMatchObject(VENDORS[api].shown as object);
  }
  const fake = started.find(({ api }) => api === 'anthropic-messages')?.fake as VendorFake;
  const asked = { session: 'anthropic-messages', model: 'anthropic-messages/fake-model' };
  // It is a file of the call's message, which later turns get, as they get what a person has attached.
  const { messages } = await first.sessions.get('main:api:default:direct:anthropic-messages');
  const [file] = messages.find(({ role }) => role === 'tool')?.attachments ?? [];
  expect(file).toMatchObject({ name: `${NAME}-1.png`, mediaType: 'image/png' });
  fake.reply(says('still seen'));
  await ask(first, { ...asked, message: 'and?' });
  expect(parts(bodies(fake).at(-1), 'messages')[2]).toMatchObject(VENDORS['anthropic-messages'].shown as object);
  fake.reply(look('c2'), says('blind'));
  await ask(first, { ...asked, message: 'again', model: 'anthropic-messages/blind' });
  expect(pictures(bodies(fake).at(-1))).toBe(0);
  expect(parts(bodies(fake).at(-1), 'messages').at(-1)).toMatchObject({ content: [{ type: 'tool_result', content: LINE }] });
  // What a vendor refuses, such as a broken picture, does not end the chat.
  fake.reply(fails('invalid', 'messages.2.content.0: Could not process image'), says('without'));
  expect((await ask(first, { ...asked, message: 'now?' })).last).toMatchObject({ type: 'done', reply: 'without' });
  expect(bodies(fake).slice(-2).map(pictures)).toEqual([2, 0]);
  // A copy of the chat has them, and so has a call without a session, as long as it runs.
  const copy = await first.archive.fork('main:api:default:direct:anthropic-messages', undefined);
  const copied = (await first.sessions.get(copy.key)).messages.find(({ role }) => role === 'tool')?.attachments?.[0];
  expect(copied).toMatchObject({ name: `${NAME}-1.png`, size: file?.size });
  fake.reply(look('c3'), says('seen'));
  const mine = { name: 'mine', parameters: { type: 'object', properties: {} } };
  const call = { model: 'main', messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }] }], tools: [mine] } as const;
  for await (const output of first.completions.run(call, new AbortController().signal)) expect(output.type).not.toBe('error');
  expect(parts(bodies(fake).at(-1), 'messages').at(-1)).toMatchObject(VENDORS['anthropic-messages'].shown as object);

  const asking = fake.requests.length;
  const keyed = { ...asked, session: 'keyed', message: 'go', idempotency: { key: 'k' } };
  fake.reply(look('c4'), { ...says('nev', 'er'), gate: { before: 1, until: new Promise(() => undefined) } }, says('done'));
  void ask(first, keyed).catch(() => undefined);
  await expect.poll(() => fake.requests.length, { timeout: 10_000 }).toBe(asking + 2);
  // It takes the one before for dead, and needs no server for what is done.
  const second = await makeConversation({ home: first.home, models: { providers }, instanceId: 'wk_2' });
  expect((await ask(second, keyed)).last).toMatchObject({ type: 'done', reply: 'done' });
  expect(bodies(fake).at(-1)?.['messages']).toEqual(bodies(fake).at(-2)?.['messages']);
  expect(pictures(bodies(fake).at(-1))).toBe(1);
});
