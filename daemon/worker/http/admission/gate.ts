/**
 * The admission of every request, WebSockets included. One synchronous function applies the rules in their order: target, address,
 * whether the token can be checked, Host, Origin, token, site. It never throws, and for an admitted request allocates only the
 * result.
 */
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../../../shared/errors.js';
import type { Caller } from './caller.js';
import { addressesOf, type Claim, clientAddress } from './client-address.js';
import { type CredentialRefusal, tokenRefusal, unreadTokens } from './credentials.js';
import { isOfOtherSite, isOwnOrigin, sessionCookies } from '../../../../shared/node/own-origin.js';
import { isLoopbackName, type OwnHosts, parseHost } from './own-hosts.js';
import { type PathKind, pathKind } from './paths.js';
import { type AdmissionRules, corsMatch } from './rules.js';
import type { TokenCheck } from './token.js';

export interface Refusal {
  /** The rule that refuses the request. */
  readonly rule: 'target' | 'address' | 'unread' | 'host' | 'origin' | 'token';
  readonly reason: GatewayError | CredentialRefusal;
}

export interface Admission {
  readonly caller: Caller;
  /** Undefined: the request is admitted. */
  readonly refusal: Refusal | undefined;
}

export type Gate = (request: IncomingMessage, path: string) => Admission;

export interface GateDeps {
  readonly rules: () => AdmissionRules;
  readonly ownHosts: OwnHosts;
  readonly tokenState: TokenCheck;
}

/** The input of the checks. */
interface Candidate {
  readonly request: IncomingMessage;
  readonly path: PathKind;
  readonly caller: Caller;
  /** The Host header; undefined if it does not matter or is malformed. */
  readonly host: string | undefined;
}

const invalid = (message: string): GatewayError => new GatewayError('INVALID_REQUEST', { message });

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function checkTarget({ request: { method, url = '' } }: Candidate): Refusal | undefined {
  if (method === 'OPTIONS' && url === '*') return undefined;
  // A proxy's absolute form (RFC 9112, 3.2.2) would name a second host next to the Host header.
  if (!url.startsWith('/')) return { rule: 'target', reason: invalid('The request target must be a path that begins with /.') };
  if (!url.includes('%') || isDecodable(url.split('?', 1)[0] ?? '')) return undefined;
  return { rule: 'target', reason: invalid('The path contains a percent sign without a valid escape. Write it as %25.') };
}

/** Returns the text of a refusal by `allowedIps`. An unreadable header is named: it may be the client's, next to a correct one of the proxy. */
function refusalOf(refused: readonly Claim[]): { message: string; hint: string } {
  const named = addressesOf(refused.filter(({ address }) => address !== ''));
  if (named !== '') {
    const what = named.includes(',') ? `The addresses ${named} are` : `The address ${named} is`;
    return { message: `${what} not allowed to connect.`, hint: 'Allowed addresses are listed in gateway.allowedIps.' };
  }
  const headers = refused.map(({ header }) => header).join(' and ');
  if (headers === '') return { message: 'The proxy did not send the address of the client.', hint: 'Let the proxy set X-Forwarded-For.' };
  return {
    message: `The address in ${headers} cannot be read.`,
    hint: 'Let the proxy set X-Forwarded-For and remove Forwarded and X-Real-IP.',
  };
}

function checkAddress({ caller: { client } }: Candidate, { allowedIps }: AdmissionRules): Refusal | undefined {
  if (allowedIps.isEmpty) return undefined;
  const refused = client.claims.filter(({ address }) => !allowedIps.has(address));
  return refused.length === 0 ? undefined : { rule: 'address', reason: new GatewayError('FORBIDDEN', refusalOf(refused)) };
}

/** While the database cannot be read, nobody knows what an access token allows. */
function checkReadable({ path, caller: { token } }: Candidate): Refusal | undefined {
  if (token !== 'unread' || path === 'health' || path === 'credentials') return undefined;
  return { rule: 'unread', reason: unreadTokens() };
}

/** All Host headers; Node's `headers` has only the first of several. */
function hostHeaders({ rawHeaders }: IncomingMessage): string[] {
  const found: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') found.push(rawHeaders[index + 1] ?? '');
  }
  return found;
}

/** A browser sends a preflight before a cross-origin call, and cannot send the token with it. */
function isPreflight({ method, headers }: IncomingMessage, { cors }: AdmissionRules): boolean {
  const { origin = '', 'access-control-request-method': asked = '' } = headers;
  return method === 'OPTIONS' && asked !== '' && corsMatch(cors, origin) === 'listed';
}

/**
 * Protects against DNS rebinding: a page under a foreign name that resolves to this machine sends that name in Host. The names of
 * this machine and `gateway.allowedHosts` pass; any other name needs the token, which such a page does not have. A preflight
 * passes, because it reads and changes nothing.
 */
function checkHost({ request, path, host, caller: { token } }: Candidate, rules: AdmissionRules, ownHosts: OwnHosts): Refusal | undefined {
  if (path === 'health' || path === 'credentials') return undefined;
  const headers = hostHeaders(request);
  // RFC 9112, section 3.2: exactly one in HTTP/1.1.
  if (headers.length > 1 || (headers.length === 0 && request.httpVersion !== '1.0'))
    return { rule: 'host', reason: invalid(`The request has ${headers.length} Host headers; it must have exactly one.`) };
  const [header = ''] = headers;
  if (token === 'valid' || (host !== undefined && (ownHosts.has(host) || rules.allowedHosts.has(host)))) return undefined;
  if (isPreflight(request, rules)) return undefined;
  if (token === 'wrong' || token === 'ended') return { rule: 'host', reason: tokenRefusal(token) };
  const reason = new GatewayError('FORBIDDEN', {
    message: `'${header.slice(0, 100)}' is not a name of this gateway.`,
    hint: "Add it to gateway.allowedHosts, or send the token ('Authorization: Bearer <token>').",
  });
  return { rule: 'host', reason };
}

/** A page of another site can call the API without an Origin, for example with an image. Links to the page's own files pass. */
function checkSite({ request: { headers }, path, caller: { token } }: Candidate): Refusal | undefined {
  if (path !== 'api' || token !== 'none' || headers.origin !== undefined || !isOfOtherSite(headers)) return undefined;
  const reason = new GatewayError('FORBIDDEN', {
    message: 'A page of another site is not allowed to load this from the gateway.',
    hint: 'Open it from the page of the gateway, or send the token.',
  });
  return { rule: 'origin', reason };
}

/** Returns the Origin of a foreign page; undefined for the gateway's own page and for programs, which send none. */
function foreignOrigin({ headers: { origin, host = '' } }: IncomingMessage): string | undefined {
  return origin === undefined || isOwnOrigin(origin, host) ? undefined : origin;
}

/** `null`, which any sandboxed page can have, never passes. */
function checkOrigin({ request }: Candidate, { cors }: AdmissionRules): Refusal | undefined {
  const origin = foreignOrigin(request);
  if (origin === undefined || corsMatch(cors, origin) !== 'none') return undefined;
  const reason = new GatewayError('FORBIDDEN', {
    message: `The origin '${origin.slice(0, 200)}' is not allowed to call this gateway.`,
    hint: 'To allow it, set gateway.cors.enabled and add it to gateway.cors.origins.',
  });
  return { rule: 'origin', reason };
}

/** An ended access token is refused even if no token is needed: its holder must not get more than the token allowed. */
function checkToken({ path, caller: { token, needsToken } }: Candidate): Refusal | undefined {
  if (path !== 'api' || token === 'valid' || token === 'unread') return undefined;
  return needsToken || token === 'ended' ? { rule: 'token', reason: tokenRefusal(token) } : undefined;
}

export function createGate({ rules: rulesInForce, ownHosts, tokenState }: GateDeps): Gate {
  return (request, path) => {
    const rules = rulesInForce();
    const client = clientAddress(request, rules.trustedProxies);
    const kind = pathKind(path);
    const host = kind === 'health' || kind === 'credentials' ? undefined : parseHost(request.headers.host ?? '');
    const isLocal = client.isLocal && host !== undefined && isLoopbackName(host) && foreignOrigin(request) === undefined;
    const needsToken = rules.tokenless === 'nobody' || (rules.tokenless === 'local' && !isLocal);
    const caller = { client, isLocal, needsToken, ...tokenState(request.headers), cookies: sessionCookies(request, path) };
    const candidate = { request, path: kind, caller, host };
    const refusal =
      checkTarget(candidate) ??
      checkAddress(candidate, rules) ??
      checkReadable(candidate) ??
      checkHost(candidate, rules, ownHosts) ??
      checkOrigin(candidate, rules) ??
      checkToken(candidate) ??
      checkSite(candidate);
    return { caller, refusal };
  };
}
