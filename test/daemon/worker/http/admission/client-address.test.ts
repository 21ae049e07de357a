import fc from 'fast-check';
import { expect, test } from 'vitest';
import { configSchema } from '../../../../../shared/config/schema.js';
import { parseAddressList } from '../../../../../shared/node/ip-address.js';
import { clientAddress, networksOf } from '../../../../../daemon/worker/http/admission/client-address.js';

const trusted = parseAddressList(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);

function ask(peer: string | undefined, headers: Record<string, string> = {}) {
  return clientAddress({ socket: { remoteAddress: peer }, headers }, trusted);
}

const chains: readonly { headers: Record<string, string>; address: string }[] = [
  { headers: { 'x-forwarded-for': '203.0.113.5' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': '127.0.0.1, 203.0.113.5, 10.1.1.1' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': ' 203.0.113.5:4711 ' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': '[2001:db8::5]:4711' }, address: '2001:db8::5' },
  { headers: { 'x-forwarded-for': '::ffff:203.0.113.5' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': 'unknown' }, address: '10.0.0.9' },
  { headers: { 'x-forwarded-for': '' }, address: '10.0.0.9' },
  { headers: { 'x-forwarded-for': '127.0.0.1,' }, address: '10.0.0.9' },
  { headers: { 'x-forwarded-for': '10.2.2.2, 10.3.3.3' }, address: '10.2.2.2' },
  { headers: { 'x-forwarded-for': '127.0.0.1' }, address: '127.0.0.1' },
  { headers: { 'x-forwarded-for': '::1' }, address: '::1' },
  { headers: { forwarded: 'for=203.0.113.5;proto=https, for=10.1.1.1' }, address: '203.0.113.5' },
  { headers: { forwarded: 'For="[2001:db8::5]:4711"' }, address: '2001:db8::5' },
  { headers: { forwarded: 'for=_hidden' }, address: '10.0.0.9' },
  { headers: { forwarded: 'proto=https' }, address: '10.0.0.9' },
  { headers: { forwarded: 'for=127.0.0.1;x=", for=203.0.113.5' }, address: '203.0.113.5' },
  { headers: { forwarded: 'for=127.0.0.1' }, address: '127.0.0.1' },
  { headers: { 'x-real-ip': '203.0.113.5' }, address: '203.0.113.5' },
  { headers: { 'x-real-ip': '127.0.0.1' }, address: '127.0.0.1' },
  { headers: { 'x-real-ip': '127.0.0.1, 203.0.113.5' }, address: '10.0.0.9' },
  { headers: { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '203.0.113.5' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': '203.0.113.5', 'x-real-ip': '10.1.1.1' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': '198.51.100.7', 'x-real-ip': '203.0.113.5' }, address: '198.51.100.7, 203.0.113.5' },
  { headers: { 'x-forwarded-for': '203.0.113.5', 'x-real-ip': '203.0.113.5' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-for': '203.0.113.5', forwarded: 'for=127.0.0.1' }, address: '203.0.113.5' },
  { headers: { 'x-forwarded-host': 'localhost' }, address: '10.0.0.9' },
  { headers: { via: '1.1 proxy' }, address: '10.0.0.9' },
];

test.each(chains)('behind a trusted proxy, $headers mean $address, who is not this machine', ({ headers, address }) => {
  expect(ask('10.0.0.9', headers)).toMatchObject({ address, isLocal: false });
});

test.each(chains)('from anybody else, $headers mean the peer, who is not this machine', ({ headers }) => {
  expect(ask('203.0.113.99', headers)).toEqual({
    address: '203.0.113.99',
    counted: [{ header: '', address: '203.0.113.99' }],
    claims: [{ header: '', address: '203.0.113.99' }],
    isLocal: false,
  });
  expect(clientAddress({ socket: { remoteAddress: '127.0.0.1' }, headers }, parseAddressList([])).isLocal).toBe(false);
});

test('a socket that has no address any more is not this machine', () => {
  const unknown = { header: '', address: '' };
  expect(ask(undefined)).toEqual({ address: '', counted: [unknown], claims: [unknown], isLocal: false });
});

test('contradicting headers are claims that all have to be allowed', () => {
  expect(ask('127.0.0.1', { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=203.0.113.5' })).toEqual({
    address: '203.0.113.5',
    counted: [{ header: 'Forwarded', address: '203.0.113.5' }],
    claims: [
      { header: 'X-Forwarded-For', address: '127.0.0.1' },
      { header: 'Forwarded', address: '203.0.113.5' },
    ],
    isLocal: false,
  });
});

test('whatever a client writes, what its trusted proxy appends decides', () => {
  fc.assert(
    fc.property(fc.string(), (written) => {
      const seen = [
        ask('127.0.0.1', { 'x-forwarded-for': `${written}, 203.0.113.5` }),
        ask('127.0.0.1', { forwarded: `${written}, for=203.0.113.5` }),
      ];
      expect(seen.map(({ address, isLocal }) => [address, isLocal])).toEqual([
        ['203.0.113.5', false],
        ['203.0.113.5', false],
      ]);
    }),
  );
});

test('whatever a client writes into the headers that its trusted proxy does not set, its address is among those that count', () => {
  const texts = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('127.0.0.1', 'unknown', '203.0.113.5'));
  fc.assert(
    fc.property(texts, texts, (list, node) => {
      const client = ask('127.0.0.1', {
        'x-forwarded-for': list,
        forwarded: `for="${node}"`,
        'x-real-ip': '203.0.113.5',
      });
      const shown = client.address.split(', ');
      expect(networksOf(client)).toContain('X-Real-IP 203.0.113.5');
      expect([shown.includes('203.0.113.5'), new Set(shown).size, client.isLocal]).toEqual([true, shown.length, false]);
    }),
  );
});

const readable = ['192.0.2.1', '10.0.0.0/8', '0.0.0.0/0', '::1', '2001:db8::/32', 'fd00:1:2::/48'];
const unreadable = ['', 'localhost', '10.0.0.0/33', '10.0.0/8', '::/129', '1.2.3.4/', '1.2.3.4/8/8', '1.2.3.4/x', '[::1]', '*'];

test.each(['trustedProxies', 'allowedIps'])('gateway.%s takes addresses and ranges and nothing else', (key) => {
  const accepts = (entry: string): boolean => configSchema.safeParse({ gateway: { [key]: [entry] } }).success;
  expect([readable.filter(accepts), unreadable.filter(accepts)]).toEqual([readable, []]);
});
