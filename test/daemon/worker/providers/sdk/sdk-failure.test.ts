import { APICallError } from 'ai';
import { expect, test } from 'vitest';
import { describeFailure } from '../../../../../daemon/worker/providers/failure.js';
import { toFailure } from '../../../../../daemon/worker/providers/sdk/sdk-failure.js';

test.each(['sk-first\nsecond', '…cdef'])('what the platform says of a key that it cannot send (%j) is told without the key', (key) => {
  let thrown: unknown;
  try {
    new Headers({ Authorization: `Bearer ${key}` });
  } catch (error) {
    thrown = error;
  }
  const failure = toFailure(thrown);
  expect(failure).toMatchObject({ kind: 'auth', detail: expect.stringContaining('cannot be sent') as string });
  expect(JSON.stringify(failure)).not.toMatch(/sk-first|second|cdef/);
});

test('a message of the platform that quotes the address is not passed on, and the variable with the address is named', async () => {
  const address = 'http://me:password@127.0.0.1:9/v1';
  const thrown: unknown = await fetch(address).catch((error: unknown) => error);
  expect(String(thrown)).toContain('password');
  const wrapped = new APICallError({ message: 'x', url: 'http://x/', requestBodyValues: {}, cause: thrown });
  for (const error of [thrown, wrapped]) expect(toFailure(error).detail).toBe('the request failed');
  const model = { providerName: 'Vendor', baseUrl: 'http://x/', modelId: 'm', source: 'KEY', addressVariable: 'VENDOR_URL' };
  const { message } = describeFailure(toFailure(thrown), model, 'chat');
  expect(message).toContain('check the environment variable VENDOR_URL.');
  expect(message).not.toContain('models.json');
});

const pageOf = (statusCode: number, responseBody: string): APICallError =>
  new APICallError({
    message: 'x',
    url: 'http://x/',
    requestBodyValues: {},
    statusCode,
    responseHeaders: { 'content-type': 'text/html' },
    responseBody,
  });

test('a proxy that finds a request too large is not taken for another program', () => {
  expect(toFailure(pageOf(413, '<html><title>413 Request Entity Too Large</title>'))).toEqual({
    kind: 'tooLong',
    status: 413,
    detail: 'an HTML page titled "413 Request Entity Too Large"',
    retryAfterMs: null,
    context: { limitTokens: null, usedTokens: null },
  });
  expect(toFailure(pageOf(404, '<html>')).kind).toBe('notTheApi');
});

test('of a page the title is told, if it is a short one: a longer one is not looked for', () => {
  const failureOf = (body: string) => toFailure(pageOf(502, body)).detail;
  expect(failureOf('<html><title lang="en">Bad Gateway</title>')).toBe('an HTML page titled "Bad Gateway"');
  expect(failureOf(`<title>${'x'.repeat(600)}</title>`)).toBe('an HTML page');
  expect(failureOf('<title'.repeat(10_000))).toBe('an HTML page');
});
