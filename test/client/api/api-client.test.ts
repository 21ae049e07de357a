import { mkdirSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { ApiClient, apiTarget, type ApiTarget, errorFromBody } from '../../../client/api/api-client.js';
import { answers, fakeControl, frame, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { testEnvironment } from '../../helpers/test-environment.js';
import { testPaths } from '../../helpers/lock-file.js';

const client = (port: number, token?: string): ApiClient => new ApiClient({ host: '127.0.0.1', port, token });

test('a call sends token and JSON and returns the answer', async () => {
  const server = await fakeHttp((_request, response) => json(response, { status: 'ok', x: 'ü' }));
  expect(await client(server.port, 'secret').call({ method: 'POST', path: '/api/x?a=1', body: { m: 'ü' } })).toEqual({
    status: 'ok',
    x: 'ü',
  });
  expect(server.seen).toEqual([
    {
      method: 'POST',
      path: '/api/x?a=1',
      body: '{"m":"ü"}',
      headers: expect.objectContaining({
        authorization: 'Bearer secret',
        'content-type': 'application/json',
        'content-length': '10',
        accept: 'application/json',
      }),
    },
  ]);
});

test('without a token and a body, neither is sent', async () => {
  const server = await fakeHttp((_request, response) => json(response, {}));
  await client(server.port).call({ method: 'GET', path: '/' });
  expect(Object.keys(server.seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['authorization', 'content-type']));
});

test('an API error is thrown with its code, for calls and streams', async () => {
  const body = { error: { code: 'MODEL_NOT_FOUND', message: "no model 'x'", requestId: 'req_1', details: { model: 'x' } } };
  const server = await fakeHttp((_request, response) => json(response, body, 404));
  const expected = { code: 'MODEL_NOT_FOUND', message: "no model 'x'", details: { requestId: 'req_1', model: 'x' } };
  await expect(client(server.port).call({ method: 'GET', path: '/' })).rejects.toMatchObject(expected);
  await expect(client(server.port).stream({ method: 'GET', path: '/' }).next()).rejects.toMatchObject(expected);
});

test.each([
  ['<html>', 'INTERNAL_ERROR', /status 502/],
  ['{"error":"x"}', 'INTERNAL_ERROR', /status 502/],
  ['{"error":{"code":"NO_SUCH_CODE","message":"x"}}', 'INTERNAL_ERROR', /^x$/],
  ['null', 'INTERNAL_ERROR', /status 502/],
  ['{"error":{"code":"UNAUTHORIZED","message":"needs a token"}}', 'UNAUTHORIZED', /needs a token/],
])('the body %s is the error %s', (text, code, message) => {
  expect(errorFromBody(502, text)).toMatchObject({ code, message: expect.stringMatching(message) });
});

test.each([
  ['an answer', () => undefined],
  ['its end', (_request: unknown, response: ServerResponse) => void response.writeHead(200).write('{')],
])('a call without %s ends once nothing is received for the time given', async (_title, answer) => {
  const { port } = await fakeHttp(answer);
  await expect(client(port).call({ method: 'GET', path: '/', silenceMs: 20 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('an unreachable address is named in the error', async () => {
  await expect(client(1).call({ method: 'GET', path: '/' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/port 1 is unreachable \(ECONNREFUSED\)/),
  });
});

test('an abort is an abort, not a failure of the gateway', async () => {
  const server = await fakeHttp(() => undefined);
  const abort = new AbortController();
  const call = client(server.port).call({ method: 'GET', path: '/', signal: abort.signal });
  setTimeout(() => abort.abort(), 20);
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
});

test('a stream that breaks off is reported', async () => {
  const server = await fakeHttp((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('event: delta\ndata: {"text":"a"}\n\n', () => response.destroy());
  });
  const stream = client(server.port).stream({ method: 'POST', path: '/' });
  expect((await stream.next()).value).toMatchObject({ event: 'delta' });
  await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

/** Where a gateway that tells `token` is reached, from a home with another token. */
async function target(behave: Parameters<typeof fakeControl>[1], host = '127.0.0.1'): Promise<ApiTarget> {
  const paths = testPaths();
  mkdirSync(paths.credentialsDir);
  writeFileSync(paths.tokenPath, 'of-the-file');
  await fakeControl(paths.controlPath, behave);
  const gateway = { kind: 'answers', status: { ...sampleStatus, host }, controlPath: paths.controlPath } as const;
  return apiTarget(gateway, paths, testEnvironment(paths.home));
}

test.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
  ['192.0.2.7', '192.0.2.7'],
])('a gateway that listens on %s is called at %s', async (host, expected) => {
  expect(await target(answers({}), host)).toMatchObject({ host: expected, port: 18_790 });
});

test('the token is the one that the gateway says is in force, wherever it has it from', async () => {
  expect((await target(answers({}, { token: 'in-force', source: 'env' }))).token).toBe('in-force');
});

test('a gateway without a token yet, or of an earlier version, is called with the one that is known here', async () => {
  expect((await target(answers({}, null))).token).toBe('of-the-file');
  const unknown = { code: 'CONTROL_PROTOCOL', message: 'unknown control request "token"' };
  expect((await target((socket, request) => void socket.write(frame(request, { type: 'error', error: unknown })))).token).toBe(
    'of-the-file',
  );
});

test.each([
  ['SESSION_NOT_FOUND', 'GET /api/sessions lists them.', 'See them with: xopc sessions'],
  ['MODEL_NOT_FOUND', 'Name an agent; GET /v1/models lists them.', 'See them with: xopc models'],
  ['INVALID_REQUEST', 'Nothing was imported. GET /api/sessions/{key}/export creates such a file.', undefined],
])('a hint of %s that names a call of the API is replaced by the command', (code, hint, expected) => {
  const error = errorFromBody(404, JSON.stringify({ error: { code, message: `there is no 'x'. ${hint}`, hint } }));
  expect(error).toMatchObject({ message: "there is no 'x'", hint: expected });
});

test('a refused address comes with the way out', () => {
  const hint = 'Allowed addresses are listed in gateway.allowedIps.';
  const message = `The address 127.0.0.1 is not allowed to connect. ${hint}`;
  const error = errorFromBody(403, JSON.stringify({ error: { code: 'FORBIDDEN', message, hint } }));
  expect(error.hint).toContain('xopc config undo');
});

test('any other hint stays the end of the message', () => {
  const message = "unknown field 'x'. Remove it.";
  const error = errorFromBody(400, JSON.stringify({ error: { code: 'INVALID_REQUEST', message, hint: 'Remove it.' } }));
  expect(error).toMatchObject({ message, hint: undefined });
});

test.each([
  ['agent_error', 'AGENT_ERROR'],
  ['model_not_found', 'MODEL_NOT_FOUND'],
  ['insufficient_quota', 'AGENT_ERROR'],
  ['rate_limit_exceeded', 'RATE_LIMITED'],
  ['something_else', 'INTERNAL_ERROR'],
])('an error in the form of OpenAI, %s, keeps its message and is %s', (code, expected) => {
  const message = "the model 'x/y' cannot be used";
  const text = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
  expect(errorFromBody(404, text)).toMatchObject({ message, code: expected });
});
