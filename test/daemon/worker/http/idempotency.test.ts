import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { says } from '../../../fakes/openai/reply.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { sendRequest, type Ask } from '../../../helpers/http-request.js';

async function start(config: object = {}) {
  const fake = await startFakeOpenAi();
  const conversation = await makeConversation({ models: fakeModels(fake.baseUrl), config });
  const app = await startHttpApp({ services: conversation });
  const post = (path: string, body: unknown, headers: Record<string, string> = { 'Idempotency-Key': 'k' }) =>
    sendRequest(app.port, path, { method: 'POST', headers, body } satisfies Ask);
  return { fake, conversation, post };
}

const JOB = { schedule: '0 9 * * *', message: 'tea', channel: 'webchat', chat_id: 'desk' };

test.each([
  { path: '/api/agent', body: { message: 'hello' }, other: { message: 'bye' } },
  {
    path: '/api/message',
    body: { channel: 'webchat', chat_id: 'desk', content: 'a' },
    other: { channel: 'webchat', chat_id: 'desk', content: 'b' },
  },
  {
    path: '/api/message/sync',
    body: { channel: 'webchat', chat_id: 'desk', content: 'a' },
    other: { channel: 'webchat', chat_id: 'lab', content: 'a' },
  },
  { path: '/api/sessions', body: { chat_id: 'one' }, other: { chat_id: 'two' } },
  { path: '/api/cron/create', body: JOB, other: { ...JOB, message: 'coffee' } },
])('POST $path: the same key gives the same answer, marked; with another body it is a conflict', async ({ path, body, other }) => {
  const { post } = await start();
  const first = await post(path, body);
  expect(first).toMatchObject({ status: 200, json: { status: 'ok' } });
  expect(first.headers['idempotent-replayed']).toBeUndefined();
  // The order of its fields makes no other body.
  const second = await post(path, Object.fromEntries(Object.entries(body).toReversed()));
  expect(second).toMatchObject({ status: 200, json: first.json });
  expect(second.headers['idempotent-replayed']).toBe('true');
  const conflict = await post(path, other);
  expect(conflict).toMatchObject({ status: 409, json: { error: { code: 'CONFLICT', message: expect.stringContaining("'k'") as string } } });
  expect((await post(path, other, { 'Idempotency-Key': 'k2' })).status).toBe(200);
  expect((await post(path, body, { 'Idempotency-Key': 'with space' })).json).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
});

test.each([
  ['/api/agent', { message: 'hello' }],
  ['/api/message', { channel: 'webchat', chat_id: 'desk', content: 'a' }],
  ['/api/message/sync', { channel: 'webchat', chat_id: 'desk', content: 'a' }],
  ['/api/sessions', { chat_id: 'one' }],
  ['/api/cron/create', JOB],
])('POST %s: each access token has keys of its own', async (path, body) => {
  const { conversation, post } = await start();
  for (const name of ['a', 'b', undefined]) {
    const token = name && (await conversation.accessTokens.add({ name, scopes: ['admin'] })).secret;
    const headers = { 'Idempotency-Key': 'k', ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
    const answers = [await post(path, body, headers), await post(path, body, headers)];
    expect(answers.map((answer) => [answer.status, answer.headers['idempotent-replayed']])).toEqual([
      [200, undefined],
      [200, 'true'],
    ]);
  }
});

test('a job is triggered once for a key, and what was done once is there once', async () => {
  const { conversation, post } = await start();
  await post('/api/cron/create', JOB);
  await post('/api/cron/create', JOB);
  const jobs = await conversation.cron.list();
  expect(jobs).toHaveLength(1);
  const body = { job_id: jobs[0]?.id };
  const runs = [await post('/api/cron/trigger', body), await post('/api/cron/trigger', body)];
  expect(runs[0]?.json).toEqual(runs[1]?.json);
  expect(runs[1]?.headers['idempotent-replayed']).toBe('true');
  expect((await conversation.cron.runs(jobs[0]?.id ?? '', {})).runs).toHaveLength(1);
  expect((await post('/api/cron/trigger', body, { 'Idempotency-Key': 'k2' })).status).toBe(200);
  expect((await conversation.cron.runs(jobs[0]?.id ?? '', {})).runs).toHaveLength(2);
});

test('a session that was deleted is not made again by a repeated request, which says so as documented', async () => {
  const { post, conversation } = await start();
  await post('/api/sessions', { chat_id: 'one' });
  await conversation.sessions.delete('main:webchat:default:direct:one');
  expect(await post('/api/sessions', { chat_id: 'one' })).toMatchObject({ status: 404, json: { error: { code: 'SESSION_NOT_FOUND' } } });
  expect(await post('/api/sessions', { chat_id: 'one' }, {})).toMatchObject({ status: 200, json: { created: true } });
});

test('a copy of a session is made once for a key, and a job is switched once', async () => {
  const { conversation, post } = await start();
  await post('/api/agent', { message: 'hello', session: 'notes' });
  const fork = '/api/sessions/main:api:default:direct:notes/fork';
  const copies = [await post(fork, {}), await post(fork, {})];
  expect(copies[1]?.json).toEqual(copies[0]?.json);
  expect((await conversation.sessions.list({})).sessions).toHaveLength(2);
  await post('/api/cron/create', JOB);
  const [job] = await conversation.cron.list();
  const toggles = [1, 2].map(() => post(`/api/cron/${job?.id}/toggle`, undefined));
  expect((await Promise.all(toggles)).map(({ json }) => json?.['job'])).toMatchObject([{ enabled: false }, { enabled: false }]);
});

const FILE = `{"format":"xopc-session","version":1,"title":"Tea"}\n${JSON.stringify({ role: 'user', content: 'tea', createdAt: '2026-01-02T03:04:05.678Z', model: null, status: 'complete' })}\n`;

test('a file is imported once for a key; of the repeat nothing stays', async () => {
  const { conversation, post } = await start();
  const lines = (key: string) => ({ 'Idempotency-Key': key, 'Content-Type': 'application/x-ndjson' });
  const first = await post('/api/sessions/import', FILE, lines('k'));
  expect(first).toMatchObject({ status: 200, json: { session: { title: 'Tea', messageCount: 1 } } });
  const again = await post('/api/sessions/import', FILE, lines('k'));
  expect(again).toMatchObject({ status: 200, json: first.json, headers: { 'idempotent-replayed': 'true' } });
  expect((await conversation.sessions.list({})).sessions).toHaveLength(1);
  expect((await conversation.sessions.list({ deleted: true })).sessions).toEqual([]);
  expect(await post('/api/sessions/import', FILE.replace('Tea', 'Coffee'), lines('k'))).toMatchObject({ status: 409 });
  expect((await post('/api/sessions/import', FILE, lines('k2'))).json).not.toEqual(first.json);
  expect((await conversation.sessions.list({})).sessions).toHaveLength(2);
});

test('a stream is repeated as a stream, and a JSON request gets the answer that was streamed', async () => {
  const { fake, post } = await start();
  fake.reply(says('one ', 'two'));
  const headers = { 'Idempotency-Key': 'k', Accept: 'text/event-stream' };
  const first = await post('/api/agent', { message: 'count' }, headers);
  expect(first.headers['idempotent-replayed']).toBeUndefined();
  const second = await post('/api/agent', { message: 'count' }, headers);
  expect(second.headers['idempotent-replayed']).toBe('true');
  const doneOf = (text: string) => /event: done\ndata: (.*)/.exec(text)?.[1];
  expect(doneOf(first.text)).toContain('"reply":"one two"');
  expect(doneOf(second.text)).toBe(doneOf(first.text));
  expect((await post('/api/agent', { message: 'count' })).json).toMatchObject({ reply: 'one two', model: 'fake/one' });
  expect(fake.requests).toHaveLength(1);
});

test('a completion in a session is given once for a key; one that is kept nowhere takes no notice of it', async () => {
  const { fake, post } = await start();
  const body = { model: 'main', messages: [{ role: 'user', content: 'hello' }] };
  const headers = { 'Idempotency-Key': 'k', 'X-Xopc-Session': 'notes' };
  const choices = (await post('/v1/chat/completions', body, headers)).json?.['choices'];
  const second = await post('/v1/chat/completions', body, headers);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(second.json?.['choices']).toEqual(choices);
  const conflict = await post('/v1/chat/completions', { ...body, messages: [{ role: 'user', content: 'bye' }] }, headers);
  expect(conflict).toMatchObject({ status: 409, json: { error: { message: expect.stringContaining('Idempotency-Key') as string } } });
  expect(conflict.headers['x-should-retry']).toBe('false');
  expect(fake.requests).toHaveLength(1);
  expect((await post('/v1/chat/completions', body)).headers['idempotent-replayed']).toBeUndefined();
  expect((await post('/v1/chat/completions', body)).status).toBe(200);
  expect(fake.requests).toHaveLength(3);
});

test('a signed webhook call that is sent again is answered as the first was, whatever id its body has', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const { post } = await start({ channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/', secret } } } } });
  const call = (id: string) => {
    const body = { chat_id: 'room', content: 'hi', id };
    const at = new Date();
    const signature = new Webhook(secret).sign('evt_1', at, JSON.stringify(body));
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signature,
    };
    return post('/api/webhook/default', body, headers);
  };
  const [first, second] = [await call('a'), await call('b')];
  expect([first.status, first.headers['idempotent-replayed'], second.headers['idempotent-replayed']]).toEqual([200, undefined, 'true']);
  expect(second.json).toEqual(first.json);
});
