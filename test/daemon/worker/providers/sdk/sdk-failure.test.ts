import { APICallError } from 'ai';
import { expect, test } from 'vitest';
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

test('of a page the title is told, if it is a short one: a longer one is not looked for', () => {
  const failureOf = (body: string) =>
    toFailure(
      new APICallError({
        message: 'x',
        url: 'http://x/',
        requestBodyValues: {},
        statusCode: 502,
        responseHeaders: { 'content-type': 'text/html' },
        responseBody: body,
      }),
    ).detail;
  expect(failureOf('<html><title lang="en">Bad Gateway</title>')).toBe('an HTML page titled "Bad Gateway"');
  expect(failureOf(`<title>${'x'.repeat(600)}</title>`)).toBe('an HTML page');
  expect(failureOf('<title'.repeat(10_000))).toBe('an HTML page');
});
