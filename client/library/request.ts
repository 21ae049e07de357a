/** Sends one request and converts every failure to {@link XopcError}. */
import type { ClientOptions } from './client-options.js';
import { XopcError } from './xopc-error.js';

/** The arguments of a call. */
export interface CallInput {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** An operation in the generated table: `POST /v1/responses`, followed by where its stream is requested, or by `bytes`. */
export interface Operation {
  readonly method: string;
  readonly template: string;
  readonly note: string | undefined;
}

const DEFAULT_URL = 'http://localhost:18790';

/** Undefined in a browser, and in a runtime that does not allow access to it. */
function fromEnvironment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[name] || undefined;
  } catch {
    return undefined;
  }
}

function pathOf(template: string, values: CallInput['path'] = {}): string {
  return template.replaceAll(/\{(\w+)\}/g, (_place, name: string) => {
    const value = values[name];
    if (value === undefined || value === '') throw new TypeError(`'path.${name}' is required for ${template}`);
    // `fetch` would resolve them and leave the intended path.
    if (value === '.' || value === '..') throw new TypeError(`'path.${name}' must not be '${value}'`);
    return encodeURIComponent(value);
  });
}

function queryOf(values: CallInput['query'] = {}): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return query === '' ? '' : `?${query}`;
}

interface ErrorBody {
  readonly error?: {
    readonly code?: string;
    readonly type?: string;
    readonly message?: string;
    readonly hint?: string;
    readonly requestId?: string;
    readonly details?: Readonly<Record<string, unknown>>;
  } | null;
  readonly request_id?: string;
}

/** Returns the error for a connection that was refused or broke off. */
export function unreachable(message: string, cause: unknown): XopcError {
  const hint = 'Check that the gateway runs, with: xopc gateway status';
  const rest = { requestId: undefined, retryAfter: undefined, details: undefined };
  return new XopcError(message, { status: 0, code: 'UNREACHABLE', hint, ...rest }, { cause });
}

/** @param body  the parsed document; anything else comes from a proxy */
export function toError(body: unknown, { status, headers }: Response): XopcError {
  const { error: told, request_id: vendorId } = (typeof body === 'object' && body !== null ? body : {}) as ErrorBody;
  const error = told ?? {};
  const wait = Number(headers.get('Retry-After') ?? Number.NaN);
  return new XopcError(error.message ?? `the gateway answered with ${status}`, {
    status,
    code: error.code ?? error.type ?? `HTTP_${status}`,
    hint: error.hint,
    requestId: error.requestId ?? vendorId ?? headers.get('X-Request-Id') ?? undefined,
    retryAfter: Number.isNaN(wait) ? undefined : wait,
    details: error.details,
  });
}

function bodyOf(body: unknown): { body?: string; headers: Record<string, string> } {
  if (body === undefined) return { headers: {} };
  // The only text body is a session exported as JSON Lines.
  if (typeof body === 'string') return { body, headers: { 'content-type': 'application/x-ndjson' } };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

/** In lower case, so that the caller's header replaces ours regardless of its case. */
function headersOf(headers: CallInput['headers'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value] as const])),
  );
}

export type Send = (operation: Operation, input: CallInput, accept: string) => Promise<Response>;

/**
 * Returns a function that sends a request and resolves with a successful response. @throws XopcError; the reason of `signal` when
 * it is aborted
 */
export function createSend({ url, token, fetch = globalThis.fetch }: ClientOptions): Send {
  const base = (url ?? fromEnvironment('XOPC_URL') ?? DEFAULT_URL).replace(/\/+$/, '');
  const secret = token ?? fromEnvironment('XOPC_TOKEN');
  const authorization: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  return async ({ method, template }, { path, query, headers, body, signal }, accept) => {
    const target = `${base}${pathOf(template, path)}${queryOf(query)}`;
    const sent = bodyOf(body);
    const init = { method, headers: { accept, ...authorization, ...sent.headers, ...headersOf(headers) } };
    const response = await fetch(target, {
      ...init,
      ...(sent.body === undefined ? {} : { body: sent.body }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw unreachable(`no gateway was reached at ${base}`, error);
    });
    if (response.ok) return response;
    const text = await response.text().catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return '';
    });
    throw toError(parse(text), response);
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
