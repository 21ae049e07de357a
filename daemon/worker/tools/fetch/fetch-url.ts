/**
 * Fetches a URL that a model chose. At each hop the name is resolved once, its addresses are checked, and the connection goes to
 * one of the checked addresses: a second lookup could give another answer.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ToolError } from '../tool.js';
import type { AddressPolicy } from './address-policy.js';
import { readBody } from './read-body.js';

export interface FetchOptions {
  readonly policy: AddressPolicy;
  /** @returns every address of a name. @throws the DNS error */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

export interface FetchedPage {
  /** Where the last redirect led. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly isCut: boolean;
}

const MAX_REDIRECTS = 5;
const MAX_URL_LENGTH = 4_096;

/** @throws ToolError for anything but an http address without credentials */
export function parseAddress(text: string, base?: string): URL {
  if (text.length > MAX_URL_LENGTH) throw new ToolError(`the URL has ${text.length} characters; at most ${MAX_URL_LENGTH} are allowed`);
  if (!URL.canParse(text, base)) throw new ToolError(`'${text.slice(0, 200)}' is not a URL`);
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ToolError(`only http and https can be fetched, not ${url.protocol.slice(0, 40)}`);
  if (url.username !== '' || url.password !== '') throw new ToolError('a URL with a user name or password is not fetched');
  return url;
}

/** Returns the host without brackets and without the final dot of an absolute name. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

async function pinnedAddresses(host: string, { policy, resolve }: FetchOptions): Promise<readonly string[]> {
  const all = isIP(host) === 0 ? await resolveName(host, resolve) : [host];
  const allowed = policy.isNameAllowed(host) ? all : all.filter((address) => policy.isAllowed(address));
  if (allowed.length > 0) return allowed;
  throw new ToolError(
    `${host} is an address of this machine or of a private network, which is not fetched; the owner can allow it with agents.defaults.fetchAllow`,
  );
}

async function resolveName(host: string, resolve: FetchOptions['resolve']): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch (error) {
    throw new ToolError(`${host} has no address (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

/** Returns a lookup function that returns only the checked addresses. */
function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    const [first] = entries;
    if (options.all === true) callback(null, entries);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

function send(url: URL, addresses: readonly string[], { policy, signal }: FetchOptions): Promise<IncomingMessage> {
  const headers = {
    accept: 'text/html, text/*;q=0.9, application/json;q=0.9, */*;q=0.1',
    'accept-encoding': 'gzip, deflate, br',
    'user-agent': 'xopc',
    // A gateway of this machine must not take the model for its owner: a forwarded request needs the token.
    ...(addresses.some((address) => policy.isInside(address)) && { via: '1.1 xopc' }),
  };
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    headers,
    signal,
    agent: false,
    lookup: pinnedLookup(addresses),
  });
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.end();
  });
}

function redirectOf(response: IncomingMessage, url: URL): URL | undefined {
  const { location } = response.headers;
  const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
  return isRedirect && location !== undefined ? parseAddress(location, url.href) : undefined;
}

/** @throws ToolError for a refused address; the network's error otherwise */
export async function fetchUrl(address: string, options: FetchOptions): Promise<FetchedPage> {
  let url = parseAddress(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const addresses = await pinnedAddresses(hostOf(url), options);
    options.signal.throwIfAborted();
    const response = await send(url, addresses, options);
    response.on('error', () => undefined);
    const next = redirectOf(response, url);
    if (next === undefined) {
      const { bytes, isCut } = await readBody(response, options.maxBytes);
      return { url: url.href, status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', bytes, isCut };
    }
    response.destroy();
    url = next;
  }
  throw new ToolError(`more than ${MAX_REDIRECTS} redirects, the last to ${url.href.slice(0, 200)}`);
}
