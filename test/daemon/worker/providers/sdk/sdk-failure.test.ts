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
