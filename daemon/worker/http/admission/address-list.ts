/** IP addresses in one spelling, and lists of them from the configuration. */
import { BlockList, isIP, SocketAddress } from 'node:net';

export interface AddressList {
  /** Whether nothing at all was listed. A list of entries that cannot be read is not empty: it admits nobody. */
  readonly isEmpty: boolean;
  /** @param address  as {@link canonicalAddress} gives it; anything else is in no list. */
  has(address: string): boolean;
}

/**
 * The one spelling of an address: IPv6 compressed, without a zone, an IPv4-mapped one as IPv4.
 * @returns undefined for what is not an IP address
 */
export function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return text;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : '';
  return isIP(mapped) === 4 ? mapped : address;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (address.startsWith('127.') && isIP(address) === 4);
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

function add(list: BlockList, entry: string): void {
  const [base = '', prefix, ...rest] = entry.trim().split('/');
  const address = canonicalAddress(base);
  if (address === undefined || rest.length > 0) return;
  const family = familyOf(address);
  if (prefix === undefined) {
    list.addAddress(address, family);
    return;
  }
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (bits <= (family === 'ipv4' ? 32 : 128)) list.addSubnet(address, bits, family);
}

/** Reads addresses and CIDR ranges such as `192.168.0.0/16` or `fd00::/8`. What is neither holds no address. */
export function parseAddressList(entries: readonly string[]): AddressList {
  const list = new BlockList();
  for (const entry of entries) add(list, entry);
  return {
    isEmpty: entries.length === 0,
    has: (address) => address !== '' && list.check(address, familyOf(address)),
  };
}
