import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
/** What the webhook service in memory takes. */
const VALID = { ...JSON_TYPE, Authorization: 'let me in' };

test.each(['not JSON', '{"a":1,"a":2}', '"text"', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`])(
  'nothing of a webhook call is parsed before its credentials are checked: %s',
  async (body) => {
    const { send } = await startHttpApp();
    expect((await send('/api/webhook/any', { method: 'POST', headers: JSON_TYPE, body })).status).toBe(401);
    expect((await send('/api/webhook/any', { method: 'POST', headers: VALID, body })).status).toBe(400);
  },
);

test('a webhook call is read whole, however it is cut', async () => {
  const { send, services } = await startHttpApp();
  const body = JSON.stringify({ chat_id: '1', content: 'é'.repeat(40_000) });
  const headers = { ...VALID, 'Transfer-Encoding': 'chunked' };
  expect((await send('/api/webhook/any', { method: 'POST', headers, body })).status).toBe(200);
  expect(services.calls).toMatchObject([{ name: 'webhooks.receive', input: { rawBody: body } }]);
  const tooLong = body + ' '.repeat(1_048_576);
  expect((await send('/api/webhook/any', { method: 'POST', headers, body: tooLong })).status).toBe(413);
});

test('whoever signs in sends a small body: more is refused before it is read, from this machine and with the token, too', async () => {
  const { send } = await startHttpApp();
  const body = JSON.stringify({ link: 'x'.repeat(4_096) });
  for (const headers of [JSON_TYPE, { ...JSON_TYPE, 'X-Api-Key': TOKEN }, { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }])
    expect(await send('/api/page-session', { method: 'POST', headers, body })).toMatchObject({
      status: 413,
      json: { error: { message: 'The body is larger than 4096 bytes.' } },
    });
});
