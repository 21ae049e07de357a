/** Normalizes IP addresses and matches address ranges; the owner of ipaddr.js. */
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

/**
 * Returns the canonical form of an address (RFC 5952), parsed as by {@link parseAddress}. @returns undefined if the text is not an
 * IP address
 */
export function canonicalAddress(text: string): string | undefined {
  // Fast path for nearly every connection: an IPv4 address, plain or as reported by a dual-stack socket.
  const ipv4 = text.startsWith('::ffff:') ? text.slice(7) : text;
  return isIP(ipv4) === 4 ? ipv4 : parseAddress(text)?.toString();
}

/**
 * Returns the identity of a caller: the address, or the first 64 bits of an IPv6 address, because every host chooses the other 64
 * freely.
 */
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
  /** Whether the list is empty. A list with only invalid entries is not empty: it admits no one. */
  readonly isEmpty: boolean;
  /** False if the text is not an IP address. */
  has(address: string | IpAddress): boolean;
}

/** Parses addresses and ranges; an invalid entry matches nothing. */
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

/** Returns the IPv4 address embedded in a translated IPv6 address (RFC 6052), or else the address itself. */
export function withoutTranslation(address: IpAddress): IpAddress {
  if (address instanceof ipaddr.IPv4 || !address.match(TRANSLATED)) return address;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/**
 * Azure's WireServer, which configures each virtual machine: a public address that only that machine can reach. Other clouds use
 * special-purpose addresses.
 */
const WIRE_SERVER = '168.63.129.16';

/**
 * Whether an address belongs to the public internet: not in IANA's special-purpose ranges, not multicast, not a cloud's service for
 * its own machines.
 */
export function isPublicAddress(address: IpAddress): boolean {
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 ? address.toString() !== WIRE_SERVER : address.match(GLOBAL_UNICAST);
}
