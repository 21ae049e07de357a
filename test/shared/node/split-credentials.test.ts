import { expect, test } from 'vitest';
import { splitCredentials } from '../../../shared/node/split-credentials.js';

const basic = (user: string): string => `Basic ${Buffer.from(user).toString('base64')}`;

test.each([
  ['https://host/path?q=1', undefined],
  ['https://me:pass%2Fword@host/path?q=1', basic('me:pass/word')],
  ['https://me@host/path?q=1', basic('me:')],
  ['https://:key@host/path?q=1', basic(':key')],
  ['https://me:100%@host/path?q=1', basic('me:100%')],
])('%s is asked at its address, with its user in a header', (address, authorization) => {
  const split = splitCredentials(address);
  expect(split.url.href).toBe('https://host/path?q=1');
  expect(split.authorization).toBe(authorization);
});
