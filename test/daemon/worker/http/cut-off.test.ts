/** An answer that its model did not finish is said to be one, in the words of each API. */
import { expect, test } from 'vitest';
import { says } from '../../../fakes/vendors/vendor-reply.js';
import { startVendorsGateway, type VendorsGateway } from '../../../helpers/vendors-gateway.js';

const MODEL = 'openai-completions/fake-model';

async function start() {
  const gateway = await startVendorsGateway();
  gateway.conversation.setConfig({ agents: { list: [{ id: 'main', model: MODEL }] } });
  const ask = async (path: string, body: object, headers: Record<string, string> = {}): Promise<Record<string, unknown>> =>
    (await gateway.app.send(path, { method: 'POST', body, headers })).json ?? {};
  return { gateway, ask };
}

const play = ({ vendors }: VendorsGateway, end: 'length' | 'filter' | 'stop'): void =>
  vendors['openai-completions']?.reply({ ...says('Before opening the valve, you must'), end });

test.each([
  { end: 'length', cutOff: 'length' },
  { end: 'filter', cutOff: 'content_filter' },
  { end: 'stop', cutOff: undefined },
] as const)('a turn that ends with $end has cutOff $cutOff, also for a repeated key and in its session', async ({ end, cutOff }) => {
  const { gateway, ask } = await start();
  play(gateway, end);
  const headers = { 'Idempotency-Key': `k-${end}` };
  const first = await ask('/api/agent', { message: 'How?', session: 's' }, headers);
  expect([first['status'], first['cutOff']]).toEqual(['ok', cutOff]);
  expect(await ask('/api/agent', { message: 'How?', session: 's' }, headers)).toEqual(first);
  const { messages } = await gateway.conversation.sessions.get('main:api:default:direct:s');
  expect(messages.map(({ role, turn }) => [role, turn?.cutOff])).toEqual([
    ['user', undefined],
    ['assistant', cutOff],
  ]);
  play(gateway, end);
  const stream = await gateway.app.send('/api/agent', {
    method: 'POST',
    body: { message: 'How?' },
    headers: { Accept: 'text/event-stream' },
  });
  const [, done = ''] = /event: done\ndata: (.*)/.exec(stream.text) ?? [];
  expect((JSON.parse(done) as { cutOff?: string }).cutOff).toBe(cutOff);
});

test.each([
  { end: 'length', chat: 'length', messages: 'max_tokens', responses: 'max_output_tokens' },
  { end: 'filter', chat: 'content_filter', messages: 'refusal', responses: 'content_filter' },
] as const)('in a session, $end has the names of the APIs', async ({ end, chat, messages, responses }) => {
  const { gateway, ask } = await start();
  const question = { model: 'main', messages: [{ role: 'user', content: 'How?' }] };
  const headers = { 'X-Xopc-Session': 's' };
  play(gateway, end);
  expect(await ask('/v1/chat/completions', question, headers)).toMatchObject({ choices: [{ finish_reason: chat }] });
  play(gateway, end);
  expect(await ask('/v1/messages', { ...question, max_tokens: 99 }, headers)).toMatchObject({ stop_reason: messages });
  play(gateway, end);
  const response = { status: 'incomplete', incomplete_details: { reason: responses } };
  expect(await ask('/v1/responses', { model: 'main', input: 'How?' }, headers)).toMatchObject(response);
});

test('the reply to a message of a chat says below its text that it is cut off', async () => {
  const { gateway, ask } = await start();
  play(gateway, 'length');
  const message = { channel: 'webchat', chat_id: 'chat', content: 'How?' };
  const { reply } = await ask('/api/message/sync', message);
  expect(reply).toBe("Before opening the valve, you must\n\n⚠️ The answer was cut off at the model's limit.");
});
