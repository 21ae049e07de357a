/**
 * Every HTTP call of the page. A call that needs a session signs in first, by itself or by asking the user; any other
 * failure is an {@link ApiError}. Paths are written as in the API document, so that a test can compare the two.
 */
import type { ErrorResponse } from '../../../shared/api/error.js';
import type { Call, Method } from './call.js';
import { loadReasons } from '../i18n/reasons.js';
import { keepInstead } from './copy-mode.js';
import { gatewayUrl } from './gateway-url.js';
import { entry, regainSession } from './session.js';

export type { Call, Method } from './call.js';

/** `status` 0: the gateway did not answer. */
export class ApiError extends Error {
  readonly call: Call;
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(call: Call, status: number, error: Partial<ErrorResponse['error']>) {
    super(error.message ?? '');
    this.call = call;
    this.status = status;
    this.code = error.code ?? (status === 0 ? 'UNREACHABLE' : 'INTERNAL_ERROR');
    this.requestId = error.requestId;
    this.details = error.details ?? {};
  }
}

/** Whether the gateway was unreachable, or not ready yet. */
export const isTemporary = (error: unknown): boolean => error instanceof ApiError && (error.status === 0 || error.status === 503);

/** Milliseconds before a call that failed temporarily is repeated, unless the page reconnects first. */
export const AGAIN_MS = 3_000;

/** Whether the gateway does not allow the call. */
export const isRefused = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

/** Fills `/api/sessions/:key` and appends the query; undefined values are left out. */
export function apiPath(
  pattern: string,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const path = pattern.replace(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ''));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** Throws the error of a call without a complete answer. */
function failUnanswered(call: Call, error: unknown): never {
  throw call.signal?.aborted === true ? error : new ApiError(call, 0, {});
}

function send(call: Call): Promise<Response> {
  const headers: Record<string, string> = { ...call.headers };
  if (call.body !== undefined) headers['Content-Type'] ??= 'application/json';
  return fetch(gatewayUrl(call.path), {
    method: call.method,
    headers,
    cache: 'no-store',
    body:
      call.body === undefined || typeof call.body === 'string' || call.body instanceof Blob
        ? (call.body ?? null)
        : JSON.stringify(call.body),
    signal: call.signal ?? null,
  }).catch((error: unknown) => failUnanswered(call, error));
}

async function readError(call: Call, response: Response): Promise<ApiError> {
  const document = (await response.json().catch(() => ({}))) as Partial<ErrorResponse>;
  // The code that shows it adds the text.
  if (document.error?.details !== undefined) await loadReasons();
  return new ApiError(call, response.status, document.error ?? {});
}

/** Makes a call whose answer is not JSON, or whose headers matter. @throws ApiError */
export async function request(call: Call): Promise<Response> {
  keepInstead(call);
  await entry.peek();
  let response = await send(call);
  if (response.status === 401 && (await regainSession())) response = await send(call);
  if (!response.ok) throw await readError(call, response);
  return response;
}

/** Makes a prepared call. @returns the JSON document of its answer. @throws ApiError */
export async function make<Answer>(prepared: Call): Promise<Answer> {
  const response = await request(prepared);
  // The connection, or the page before a reload, may end in the middle of the answer.
  return response.json().catch((error: unknown) => failUnanswered(prepared, error)) as Promise<Answer>;
}

/** @returns the JSON document of the answer. @throws ApiError */
export function call<Answer>(method: Method, path: string, options: Omit<Call, 'method' | 'path'> = {}): Promise<Answer> {
  return make({ ...options, method, path });
}
