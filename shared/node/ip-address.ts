/** IP addresses in one spelling, and ranges of them; the owner of ipaddr.js. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Reads an address without its zone; an IPv4-mapped IPv6 address becomes the IPv4 one.
 * @returns undefined for anything else: names, octal, hexadecimal and shortened IPv4 forms
 */
export function parseAddress(text: string): IpAddress | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.process(text.split('%', 1)[0] ?? '');
}

/** The one spelling of an address (RFC 5952), as {@link parseAddress} reads it. @returns undefined if the text is not an IP address */
export function canonicalAddress(text: string): string | undefined {
  // What nearly every connection has: an IPv4 address, or one as a socket for both families writes it.
  const ipv4 = text.startsWith('::ffff:') ? text.slice(7) : text;
  return isIP(ipv4) === 4 ? ipv4 : parseAddress(text)?.toString();
}

/** Returns what identifies a caller: the address, or the first 64 bits of an IPv6 one, whose other 64 every host chooses freely. */
export function networkOf(address: string): string {
  if (isIP(address) === 4) return address;
  const parsed = parseAddress(address);
  return parsed?.kind() === 'ipv6' ? parsed.toByteArray().slice(0, 8).join('.') : address;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (address.startsWith('127.') && isIP(address) === 4);
}

type Range = readonly [network: IpAddress, bits: number];

/** `192.168.0.0/16`, `fd00::/8` or a single address. @returns undefined if the text is neither */
function parseRange(entry: string): Range | undefined {
  const [base = '', prefix, ...rest] = entry.trim().split('/');
  const network = parseAddress(base);
  if (network === undefined || rest.length > 0) return undefined;
  const maximum = network.kind() === 'ipv4' ? 32 : 128;
  if (prefix === undefined) return [network, maximum];
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= maximum ? [network, Number(prefix)] : undefined;
}

export interface AddressList {
  /** Whether nothing was listed. A list with only unreadable entries is not empty: it admits no one. */
  readonly isEmpty: boolean;
  /** False if the text is not an IP address. */
  has(address: string | IpAddress): boolean;
}

/** Reads addresses and ranges; an entry that is neither matches nothing. */
export function parseAddressList(entries: readonly string[]): AddressList {
  const ranges = entries.map(parseRange).filter((range) => range !== undefined);
  return {
    isEmpty: entries.length === 0,
    has(candidate) {
      if (ranges.length === 0) return false;
      const address = typeof candidate === 'string' ? parseAddress(candidate) : candidate;
      return address !== undefined && ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
    },
  };
}

const TRANSLATED = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** The IPv4 address that a translated IPv6 address stands for (RFC 6052), else the address itself. */
export function withoutTranslation(address: IpAddress): IpAddress {
  if (address instanceof ipaddr.IPv4 || !address.match(TRANSLATED)) return address;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/** Azure's WireServer, which configures each virtual machine: a public address that only that machine reaches. Other clouds use special-purpose ones. */
const WIRE_SERVER = '168.63.129.16';

/** Whether an address belongs to the public internet: none of IANA's special-purpose ranges, no multicast, no service that a cloud has for its machines. */
export function isPublicAddress(address: IpAddress): boolean {
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 ? address.toString() !== WIRE_SERVER : address.match(GLOBAL_UNICAST);
}
