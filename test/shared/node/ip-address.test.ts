import { expect, test } from 'vitest';
import { canonicalAddress, parseAddressList } from '../../../shared/node/ip-address.js';

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::ffff:7f00:1', '127.0.0.1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:0:0', '0.0.0.0'],
  ['localhost', undefined],
  ['127.1', undefined],
  ['0x7f.0.0.1', undefined],
  ['1.2.3.4.5', undefined],
  ['', undefined],
])('the address %s is written %s', (text, expected) => {
  expect(canonicalAddress(text)).toBe(expected);
});

test('a list holds its addresses and ranges in either spelling, and nothing of what it cannot read', () => {
  const list = parseAddressList([
    '192.0.2.1',
    '10.0.0.0/8',
    '::ffff:198.51.100.1',
    '2001:db8::/32',
    '10.0.0.0/33',
    'example.com',
    '1.2.3.4/',
    '',
  ]);
  const asked = ['192.0.2.1', '10.255.0.1', '198.51.100.1', '2001:db8:ffff::1', '192.0.2.2', '11.0.0.1', '2001:db9::1', ''];
  expect(asked.map((address) => list.has(address))).toEqual([true, true, true, true, false, false, false, false]);
  expect([list.isEmpty, parseAddressList([]).isEmpty, parseAddressList(['nonsense']).isEmpty]).toEqual([false, true, false]);
});
