/**
 * Which addresses a model may have fetched: those of the public internet, and what the owner allows. Everything else is
 * this machine or its surroundings, which trust it.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** https://www.iana.org/assignments/iana-ipv4-special-registry, all that is not globally reachable, and multicast. */
const NOT_PUBLIC_IPV4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** https://www.iana.org/assignments/iana-ipv6-special-registry: inside 2000::/3, what is special; 2002::/16 and 2001::/32 wrap IPv4. */
const NOT_PUBLIC_IPV6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function listOf(ranges: readonly [string, number][], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, family);
  return list;
}

/** The sixteen bytes as eight numbers; the text may be in any valid form. */
function groupsOf(address: string): number[] {
  const [text = ''] = address.split('%');
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const parse = (part: string): number[] =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const start = parse(head);
  const end = tail === undefined ? [] : parse(tail);
  return [...start, ...Array.from({ length: 8 - start.length - end.length }, () => 0), ...end];
}

/** The IPv4 address that an IPv6 one stands for: mapped (RFC 4291) or translated (RFC 6052). */
function embeddedIpv4(groups: readonly number[]): string | undefined {
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

/** Names, addresses and CIDR ranges that the owner allows. */
class AllowList {
  readonly #names = new Set<string>();
  readonly #addresses = new BlockList();

  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [network = '', bits] = entry.split('/');
      const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
      if (isIP(network) === 0) this.#names.add(entry.toLowerCase());
      else if (bits === undefined) this.#addresses.addAddress(network, family);
      else this.#addresses.addSubnet(network, Number(bits), family);
    }
  }

  hasName(host: string): boolean {
    return this.#names.has(host.toLowerCase());
  }

  hasAddress(address: string): boolean {
    return this.#addresses.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
}

export class AddressPolicy {
  readonly #ipv4 = listOf(NOT_PUBLIC_IPV4, 'ipv4');
  readonly #ipv6 = listOf(NOT_PUBLIC_IPV6, 'ipv6');
  readonly #allowed: AllowList;
  readonly #own: () => readonly string[];

  /** @param allowed  names, addresses and ranges. @param own  this machine's addresses, which may be public ones */
  constructor(allowed: readonly string[], own: () => readonly string[] = ownAddresses) {
    this.#allowed = new AllowList(allowed);
    this.#own = own;
  }

  /** Whether that name may be asked whatever its addresses are. */
  isNameAllowed(host: string): boolean {
    return this.#allowed.hasName(host);
  }

  isAllowed(address: string): boolean {
    if (isIPv4(address)) return this.#allowed.hasAddress(address) || (!this.#ipv4.check(address, 'ipv4') && !this.#own().includes(address));
    if (isIP(address) !== 6) return false;
    const groups = groupsOf(address);
    const ipv4 = embeddedIpv4(groups);
    if (ipv4 !== undefined) return this.isAllowed(ipv4);
    const [text = ''] = address.split('%');
    if (this.#allowed.hasAddress(text)) return true;
    const isGlobal = ((groups[0] ?? 0) & 0xe000) === 0x2000 && !this.#ipv6.check(text, 'ipv6');
    return isGlobal && !this.#own().some((own) => isIP(own) === 6 && groupsOf(own).join() === groups.join());
  }
}
