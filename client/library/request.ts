/** Sends one request, and turns what fails into {@link XopcError}. */
import type { ClientOptions } from './client-options.js';
import { XopcError } from './xopc-error.js';

/** What a caller gives to a call. */
export interface CallInput {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** An operation as the generated table has it: `POST /v1/responses`, then where its stream is asked for, or `bytes`. */
export interface Operation {
  readonly method: string;
  readonly template: string;
  readonly note: string | undefined;
}

const DEFAULT_URL = 'http://localhost:18790';

/** Undefined in a browser, and where a runtime does not let a program read it. */
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
    // `fetch` would walk up the path with them.
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

/** The error of a connection that was refused, or has broken off. */
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
  // An exported session as JSON Lines is the only body that is text.
  if (typeof body === 'string') return { body, headers: { 'content-type': 'application/x-ndjson' } };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

/** In lower case, so that a header of the caller replaces ours however it is written. */
function headersOf(headers: CallInput['headers'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), value] as const])),
  );
}

export type Send = (operation: Operation, input: CallInput, accept: string) => Promise<Response>;

/** Returns a function that resolves with an answer whose status is a success. @throws XopcError; the reason of `signal` when it is aborted */
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
