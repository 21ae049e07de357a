/** `xopc send`, and what its `--wait` does when the gateway does not answer. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { ApiClient, type ApiRequest } from '../../../client/api/api-client.js';
import { json } from '../../fakes/http-server.js';
import { fakeApi } from '../../helpers/api-command.js';
import { fakeOutgoing } from '../../helpers/fake-outgoing.js';

const queued = { ...fakeOutgoing, status: 'queued', error: null } as const;

test('a message is sent, and its id is the result', async () => {
  const { run, seen } = await fakeApi((_request, response) => json(response, { status: 'ok', message_id: 'msg_9' }));
  const sent = await run(['send', '--channel', 'telegram', '--chat', '42', '--account', 'personal', 'The', 'backup', 'is done']);
  expect(sent).toEqual({ code: 0, stdout: 'msg_9\n', stderr: '' });
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    channel: 'telegram',
    chat_id: '42',
    accountId: 'personal',
    content: 'The backup is done',
  });
  expect(await run(['send', '--channel', 'webchat', '--chat', 'a', '--json', '-'], { stdin: 'from\na file\n' })).toMatchObject({ code: 0 });
  expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ channel: 'webchat', chat_id: 'a', content: 'from\na file' });
  await run(['send', '--channel', 'webchat', '--chat', 'a', '--key', 'backup-17', 'x']);
  const keys = seen.map(({ headers }) => headers['idempotency-key']);
  expect(keys[2]).toBe('backup-17');
  // Without one of the caller's, each command has its own.
  expect(new Set(keys).size).toBe(3);
});

test('a message whose answer is lost with the connection is sent once more, with the same key', async () => {
  const { run, seen } = await fakeApi((_request, response) => {
    if (seen.length === 1) response.destroy();
    else json(response, { status: 'ok', message_id: 'msg_9' });
  });
  expect(await run(['send', '--channel', 'webchat', '--chat', 'a', 'x'])).toEqual({ code: 0, stdout: 'msg_9\n', stderr: '' });
  expect(seen).toHaveLength(2);
  expect(seen[1]?.headers['idempotency-key']).toBe(seen[0]?.headers['idempotency-key']);
});

test.each([
  ['delivered', null, 0],
  ['dead', 'no such chat', 1],
  ['unknown', 'reset', 1],
])('--wait ends when the message is %s', async (status, error, code) => {
  let looks = 0;
  const { run } = await fakeApi(({ method }, response) => {
    if (method === 'POST') return json(response, { message_id: 'msg_1' });
    looks += 1;
    return json(response, { message: looks < 2 ? queued : { ...fakeOutgoing, status, error } });
  });
  const outcome = await run(['send', '--channel', 'webhook', '--chat', '1', '--wait', 'x']);
  expect(outcome).toEqual({ code, stdout: `msg_1 ${status}\n`, stderr: error === null ? '' : `${error}\n` });
});

const ACCEPTED = 'The message was accepted and need not be sent again. See its status with: xopc messages show msg_1';
const refusal = (code: string): object => ({ error: { code, message: 'not now' } });

test('--wait continues while the gateway restarts, also with another token', async () => {
  let looks = 0;
  const { run } = await fakeApi(({ method }, response) => {
    if (method === 'POST') return json(response, { message_id: 'msg_1' });
    looks += 1;
    if (looks === 1) return response.destroy();
    if (looks === 2) return json(response, refusal('UNAVAILABLE'), 503);
    if (looks === 3) return json(response, refusal('UNAUTHORIZED'), 401);
    return json(response, { message: { ...fakeOutgoing, status: 'delivered', error: null } });
  });
  expect(await run('send --channel webhook --chat 1 --wait x'.split(' '))).toMatchObject({ code: 0, stdout: 'msg_1 delivered\n' });
});

test('a request that the gateway accepts and does not answer is sent again, with the same key', async () => {
  const call = Reflect.get(ApiClient.prototype, 'call');
  const calls: string[] = [];
  const isFirst = (method = ''): boolean => calls.filter((called) => called === method).length < 2;
  vi.spyOn(ApiClient.prototype, 'call').mockImplementation(function (this: ApiClient, request: ApiRequest) {
    calls.push(request.method);
    return call.call(this, request.silenceMs !== undefined && isFirst(request.method) ? { ...request, silenceMs: 20 } : request);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const { run, seen } = await fakeApi(({ method }, response) => {
    if (isFirst(method)) return;
    json(response, method === 'POST' ? { message_id: 'msg_1' } : { message: { ...fakeOutgoing, status: 'delivered', error: null } });
  });
  expect(await run('send --channel webhook --chat 1 --wait x'.split(' '))).toMatchObject({ code: 0, stdout: 'msg_1 delivered\n' });
  expect(calls).toEqual(['POST', 'POST', 'GET', 'GET']);
  expect(new Set(seen.filter(({ method }) => method === 'POST').map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test.each([
  [503, 'UNAVAILABLE', 3, 'not now', ACCEPTED],
  [401, 'UNAUTHORIZED', 2, 'not now', ACCEPTED],
  [0, 'destroyed', 3, "the gateway's API on .* is unreachable .*", `Check it with: xopc gateway status   ${ACCEPTED}`],
  [404, 'NOT_FOUND', 1, 'the gateway no longer has message msg_1: .*', 'If the chat does not have it, send it again.'],
])('--wait that ends with %d says whether the message must be sent again', async (...[status, code, looks, message, hint]) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { run, seen } = await fakeApi(({ method }, response) => {
    if (method === 'POST') return json(response, { message_id: 'msg_1' });
    vi.setSystemTime(Date.now() + 30_000);
    if (status === 0) response.destroy();
    else json(response, refusal(code), status);
  });
  const { stderr, ...outcome } = await run(['send', '--channel', 'webhook', '--chat', '1', '--wait', 'x']);
  expect(outcome).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^xopc: ${message}\\n *${hint}\\n$`));
  expect(seen.filter(({ method }) => method === 'GET')).toHaveLength(looks);
});

test('Ctrl-C ends only the waiting', async () => {
  const { start, seen } = await fakeApi(({ method }, response) =>
    json(response, method === 'POST' ? { message_id: 'msg_1' } : { message: queued }),
  );
  const command = start(['send', '--channel', 'webhook', '--chat', '1', '--wait', 'x']);
  while (seen.length < 2) await new Promise(setImmediate);
  command.interrupt();
  expect(await command.exitCode).toBe(130);
  expect(command.err.text).toContain('the message is still sent');
});

test('an error of the API is told in its words, and decides the exit code', async () => {
  const error = { code: 'CHANNEL_NOT_FOUND', message: "there is no channel 'nowhere'", requestId: 'req_1' };
  const { run } = await fakeApi((_request, response) => {
    response.writeHead(404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ error }));
  });
  const { code, stderr, stdout } = await run(['send', '--channel', 'nowhere', '--chat', '1', 'x']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain("there is no channel 'nowhere'");
});
