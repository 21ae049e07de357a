/** Bodies of real HTTP answers that end with the signal of their request. Limits of length: test/fuzz and the tests of their users. */
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limitBody } from '../../../shared/node/limited-body.js';

const server = createServer((request, response) => {
  if (request.url === '/') return void response.end('x'.repeat(100_000));
  response.write('x', () => response.destroy());
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

async function open(path = '/'): Promise<{ body: ReadableStream<Uint8Array>; request: AbortController }> {
  const request = new AbortController();
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: request.signal });
  if (response.body === null) throw new Error('it has no body');
  return { body: response.body, request };
}

/** Reads until all of the answer has arrived, but not its end. */
async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (let bytes = 0; bytes < 100_000;) bytes += (await reader.read()).value?.length ?? 0;
}

test('a request that is aborted before its answer is read to the end fails the next read', async () => {
  const { body, request } = await open();
  const reader = limitBody(body, request.signal).getReader();
  await readAll(reader);
  request.abort(new Error('stopped'));
  await expect(reader.read()).rejects.toThrow('stopped');
});

test('a body whose request has been aborted meanwhile fails at once', async () => {
  const { body, request } = await open();
  request.abort(new Error('stopped'));
  await expect(limitBody(body, request.signal).getReader().read()).rejects.toThrow('stopped');
});

test('an abort after the end changes nothing', async () => {
  const { body, request } = await open();
  const reader = limitBody(body, request.signal).getReader();
  await readAll(reader);
  expect(await reader.read()).toMatchObject({ done: true });
  request.abort();
  await expect(reader.closed).resolves.toBeUndefined();
});

test('a body that breaks leaves no listener on the signal of its request', async () => {
  const { body, request } = await open('/broken');
  const reader = limitBody(body, request.signal).getReader();
  const listeners = (): number => getEventListeners(request.signal, 'abort').length;
  const before = listeners();
  await expect(reader.read().then(() => reader.read())).rejects.toThrow('terminated');
  expect(listeners()).toBeLessThan(before);
});
