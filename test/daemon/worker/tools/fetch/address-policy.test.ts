import { expect, test } from 'vitest';
import { AddressPolicy } from '../../../../../daemon/worker/tools/fetch/address-policy.js';

const policy = new AddressPolicy([], () => ['8.8.4.4', '2a00:1450::99']);

test.each([
  ['8.8.8.8', true],
  ['1.1.1.1', true],
  ['2606:4700::1111', true],
  ['64:ff9b::808:808', true],
  ['::ffff:8.8.8.8', true],
  ['127.0.0.1', false],
  ['127.255.255.254', false],
  ['0.0.0.0', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['172.32.0.1', true],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['198.18.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::', false],
  ['fe80::1', false],
  ['fe80::1%lo', false],
  ['fc00::1', false],
  ['fd12:3456::1', false],
  ['ff02::1', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:7f00:1', false],
  ['0:0:0:0:0:ffff:a9fe:a9fe', false],
  ['::127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['64:ff9b::a00:1', false],
  ['2002:7f00:1::', false],
  ['2001:0:4136:e378::1', false],
  ['2001:db8::1', false],
  // Services that clouds offer to their machines alone: Azure, by several spellings; Alibaba, Oracle, Tencent, Scaleway, AWS, Google.
  ['168.63.129.16', false],
  ['168.63.129.17', true],
  ['::ffff:168.63.129.16', false],
  ['64:ff9b::a83f:8110', false],
  ['2002:a83f:8110::', false],
  ['100.100.100.200', false],
  ['192.0.0.192', false],
  ['169.254.0.23', false],
  ['169.254.42.42', false],
  ['169.254.170.2', false],
  ['fd00:ec2::254', false],
  ['fd20:ce::254', false],
  ['8.8.4.4', false],
  ['2a00:1450:0:0::99', false],
  ['::ffff:8.8.4.4', false],
  ['localhost', false],
  ['', false],
])('%s may be fetched: %s', (address, isAllowed) => {
  expect([policy.isAllowed(address), policy.isInside(address)]).toEqual([isAllowed, !isAllowed]);
});

test('only the addresses, ranges and names that the owner allows are added', () => {
  const open = new AddressPolicy(['127.0.0.1', '10.1.0.0/16', 'fd00::/8', 'Printer.local']);
  expect(['127.0.0.1', '10.1.9.9', 'fd12::1', '::ffff:127.0.0.1'].map((address) => open.isAllowed(address))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['127.0.0.2', '10.2.0.1', 'fe80::1'].map((address) => open.isAllowed(address))).toEqual([false, false, false]);
  expect([open.isNameAllowed('printer.LOCAL'), open.isNameAllowed('evil.printer.local')]).toEqual([true, false]);
});
