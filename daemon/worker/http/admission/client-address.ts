/**
 * Determines the client's address: the peer's, unless the peer is a proxy in `gateway.trustedProxies`; then the address in
 * its forwarding headers. A forwarded request is never local, whatever its headers say.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type AddressList, canonicalAddress, isLoopback, networkOf } from '../../../../shared/node/ip-address.js';

/** An address of the client, as named by one source. */
export interface Claim {
  /** '' for the connection. */
  readonly header: '' | 'X-Forwarded-For' | 'Forwarded' | 'X-Real-IP';
  /** '' if it cannot be read. */
  readonly address: string;
}

export interface ClientAddress {
  /** For the log and messages: the different addresses of `counted`, separated by commas. */
  readonly address: string;
  /**
   * The claims for which the client is counted: the readable ones of headers, else the peer's address. If there are several, one of them
   * is the proxy's, and the others may have been sent by the client.
   */
  readonly counted: readonly Claim[];
  /** Every claim of the peer and of trusted headers. A rule must admit all of them. */
  readonly claims: readonly Claim[];
  /** The peer has a loopback address, and there is no sign of forwarding. */
  readonly isLocal: boolean;
}

/** The part of `http.IncomingMessage` that is read. */
export interface AddressedRequest {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}

/** Headers added by proxies, tunnels and CDNs. All `x-forwarded…` headers count too. */
const FORWARDING = new Set([
  'cdn-loop',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ray',
  'client-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'forwarded',
  'ngrok-trace-id',
  'proxy-client-ip',
  'tailscale-user-login',
  'true-client-ip',
  'via',
  'wl-proxy-client-ip',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
  'x-original-host',
  'x-proxyuser-ip',
  'x-real-ip',
]);

function isForwarded(headers: IncomingHttpHeaders): boolean {
  for (const name in headers) if (FORWARDING.has(name) || name.startsWith('x-forwarded')) return true;
  return false;
}

/** One hop: an address, possibly quoted, bracketed, with a port. `unknown` and obfuscated names are undefined. */
function parseHop(text: string): string | undefined {
  const bare = text.trim().replace(/^"(.*)"$/, '$1');
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(bare)?.[1];
  const withPort = /^([\d.]+):\d+$/.exec(bare)?.[1];
  return canonicalAddress(bracketed ?? withPort ?? bare);
}

/** Returns the nearest hop that is not a trusted proxy, or the farthest if all are; '' if that hop is unreadable. */
function clientOfChain(hops: readonly string[], trusted: AddressList): string {
  for (const hop of hops.toReversed()) {
    const address = parseHop(hop);
    if (address === undefined || !trusted.has(address)) return address ?? '';
  }
  return parseHop(hops[0] ?? '') ?? '';
}

/** Returns `for=` of each element, in order. Quoting is ignored, so that a client's text cannot hide a proxy's addition. */
function forwardedFor(header: string): string[] {
  return [...header.matchAll(/(?:^|[;,\s])for=("[^"]*"|[^;,\s]*)/gi)].map((match) => match[1] ?? '');
}

function claimsOf(headers: IncomingHttpHeaders, trusted: AddressList): Claim[] {
  const list = headers['x-forwarded-for'];
  const forwarded = headers.forwarded;
  const realIp = headers['x-real-ip'];
  const claims: Claim[] = [];
  if (list !== undefined) claims.push({ header: 'X-Forwarded-For', address: clientOfChain(String(list).split(','), trusted) });
  if (forwarded !== undefined) claims.push({ header: 'Forwarded', address: clientOfChain(forwardedFor(forwarded), trusted) });
  if (realIp !== undefined) claims.push({ header: 'X-Real-IP', address: parseHop(String(realIp)) ?? '' });
  return claims.length === 0 ? [{ header: '', address: '' }] : claims;
}

/** With several proxies, `X-Real-IP` is often the address of the first one, which is not the client. */
function knownOf(claims: readonly Claim[], trusted: AddressList): Claim[] {
  const readable = claims.filter(({ address }) => address !== '');
  const untrusted = readable.filter(({ address }) => !trusted.has(address));
  return untrusted.length === 0 ? readable : untrusted;
}

/** Returns the different addresses of claims, separated by commas. */
export const addressesOf = (claims: readonly Claim[]): string => [...new Set(claims.map(({ address }) => address))].join(', ');

/**
 * Returns the keys under which a client is counted. Each header is counted separately: an address that a client invents in a header that its proxy
 * passes on must not use up the limit of the client whose address the proxy names in another one.
 */
export const networksOf = ({ counted }: Pick<ClientAddress, 'counted'>): string[] =>
  counted.map(({ header, address }) => `${header} ${networkOf(address)}`);

/**
 * @param trusted  `gateway.trustedProxies`.
 * Source of the header forms: RFC 7239 (Forwarded), section 7.6.3 of RFC 9110 (Via).
 */
export function clientAddress(request: AddressedRequest, trusted: AddressList): ClientAddress {
  const peer = canonicalAddress(request.socket.remoteAddress ?? '') ?? '';
  const own: Claim[] = [{ header: '', address: peer }];
  if (!isForwarded(request.headers)) return { address: peer, counted: own, claims: own, isLocal: isLoopback(peer) };
  if (!trusted.has(peer)) return { address: peer, counted: own, claims: own, isLocal: false };
  const claims = claimsOf(request.headers, trusted);
  const known = knownOf(claims, trusted);
  const counted = known.length === 0 ? own : known;
  return { address: addressesOf(counted), counted, claims, isLocal: false };
}
