import { expect, test } from 'vitest';
import { isSameSecret } from '../../../../shared/node/secrets/same-secret.js';

test.each([
  ['a', 'a', true],
  ['', '', true],
  ['a', 'b', false],
  ['a', 'a ', false],
  ['\u00fc', 'u\u0308', false],
])('%j and %j are the same: %s', (one, other, isSame) => {
  expect(isSameSecret(one, other)).toBe(isSame);
});
