import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { BotMethod } from '../../../../../../daemon/worker/channels/telegram/api/bot-answers.js';
import { BotApi, type BotResult, classifyFailure } from '../../../../../../daemon/worker/channels/telegram/api/bot-api.js';
import { TOKEN } from '../../../../../fakes/telegram/server.js';

/** A server that answers every call with the same text. */
async function call(method: BotMethod, body: string, status = 200): Promise<BotResult<unknown>> {
  const server = createServer((_request, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = new BotApi({ token: TOKEN, apiRoot });
  onTestFinished(() => {
    api.close();
    server.close();
    server.closeAllConnections();
  });
  return api.call(method, {}, new AbortController().signal);
}

const answer = (result: unknown): string => JSON.stringify({ ok: true, result });

test.each<[BotMethod, unknown, string]>([
  ['getMyCommands', true, 'result'],
  ['getMyCommands', [null], 'result.0'],
  ['getMe', [], 'result'],
  ['getMe', { id: '1' }, 'result.id'],
  ['deleteWebhook', 'yes', 'result'],
  ['getUpdates', {}, 'result'],
  ['getUpdates', [{ update_id: 1.5 }], 'result.0.update_id'],
  ['getUpdates', Array.from({ length: 101 }, (_, id) => ({ update_id: id })), 'result'],
  ['getFile', { file_path: 5 }, 'result.file_path'],
  ['sendMessage', true, 'result'],
  ['sendMessage', { message_id: null }, 'result.message_id'],
  ['sendChatAction', undefined, 'result'],
])('%s answered with %j fails at %s', async (method, value, place) => {
  const result = await call(method, answer(value));
  const reason = `Telegram's answer to ${method} is invalid at '${place}'; check apiRoot and any proxy in between`;
  expect(result).toEqual({ ok: false, failure: { type: 'invalid', reason } });
});

test('an update that cannot be read does not fail the others', async () => {
  const result = await call('getUpdates', answer([{ update_id: 1, message: { chat: 5 } }, { update_id: 2 }]));
  expect(result).toEqual({
    ok: true,
    value: [
      { update_id: 1, problem: 'message.message_id' },
      { update_id: 2, message: undefined },
    ],
  });
});

test.each(['null', '[]', '"ok"', '{}', '{"ok":1}', '{"ok":false}', '{"ok":false,"error_code":"4","description":"x"}'])(
  'the body %s is not an answer of the Bot API',
  async (body) => {
    const result = await call('getMe', body);
    const reason = 'the server answered 200 with JSON that is not an answer of the Bot API; check its address';
    expect(result).toEqual({ ok: false, failure: { type: 'network', sent: true, reason } });
  },
);

test('the wait that a server asks for is at most a day, and a nonsensical one counts as none', async () => {
  const error = { ok: false, error_code: 429, description: 'wait' };
  const long = await call('getMe', JSON.stringify({ ...error, parameters: { retry_after: 1e300 } }), 429);
  expect(long).toMatchObject({ failure: { code: 429, retryAfterMs: 86_400_000 } });
  for (const parameters of [{ retry_after: -1 }, { retry_after: 'soon' }, null, 'x']) {
    const result = await call('getMe', JSON.stringify({ ...error, parameters }), 429);
    expect(result).toEqual({ ok: false, failure: { type: 'answered', code: 429, description: 'wait' } });
  }
});

test('an error that quotes the token is shown without it, on one line and shortened', async () => {
  const description = `not found:\n/bot${TOKEN}/getMe and /bot${encodeURIComponent(TOKEN)}/getMe ${'x'.repeat(5_000)}`;
  const result = await call('getMe', JSON.stringify({ ok: false, error_code: 400, description }));
  if (result.ok || result.failure.type !== 'answered') throw new Error('it did not fail');
  expect(result.failure.description).toMatch(/^not found: \/bot\[token\]\/getMe and \/bot\[token\]\/getMe x+…$/);
  expect(result.failure.description).toHaveLength(300);
});

test('a message whose answer is invalid may have arrived', () => {
  expect(classifyFailure({ type: 'invalid', reason: 'odd' }, 'sendMessage')).toEqual({ type: 'unknown', reason: 'odd' });
});
