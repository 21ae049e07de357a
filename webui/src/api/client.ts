/**
 * Every HTTP call of the page. A call that needs a session signs in first, by itself or by asking the user; any other
 * failure is an {@link ApiError}. Paths are written as in the API document, so that a test can compare the two.
 */
import { ApiError, type Call, failUnanswered, type Method, readError, send } from './call.js';
import { keepInstead } from './copy-mode.js';
import { entry, regainSession } from './session.js';

export { ApiError, type Call, type Method } from './call.js';

/** Whether the gateway was unreachable, not ready yet, or got too many calls. */
export const isTemporary = (error: unknown): boolean => error instanceof ApiError && [0, 429, 503].includes(error.status);

/** Milliseconds before a call that failed temporarily is repeated, unless the page reconnects first. */
export const AGAIN_MS = 3_000;

/** Whether the gateway does not allow the call. */
export const isRefused = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

/** Whether the call needs a session, and the user was not asked to sign in for it, or did not. */
export const isUnauthorized = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

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

/** Makes a call whose answer is not JSON, or whose headers matter. @throws ApiError */
export async function request(call: Call): Promise<Response> {
  keepInstead(call);
  await entry.peek();
  let response = await send(call);
  if (response.status === 401 && (await regainSession(call))) response = await send(call);
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
