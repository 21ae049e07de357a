/** Describes failures of a server to people and models. */

/**
 * `refused`: the server answered a request with a protocol error. `rejected`: it answered with an HTTP status that a retry does not change.
 * `faulty`: it answered with another HTTP status, or its response ended without a result. `late`: it did not answer in time.
 * `unreachable`: it could not be started, or the connection was lost.
 */
export type FailureKind = 'refused' | 'rejected' | 'faulty' | 'late' | 'unreachable';

/** A failure whose kind is known. Any other error is `unreachable`. */
export class ServerFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export const kindOf = (error: unknown): FailureKind => (error instanceof ServerFailure ? error.kind : 'unreachable');

/** `fetch` failed: no answer came. */
export const isUnreached = (error: unknown): error is TypeError => error instanceof TypeError && error.message === 'fetch failed';

/** Returns the message; `fetch` has the reason only in `cause`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The SDK passes on what zod found in an answer.
  if (/^\[\s*\{/.test(error.message)) return 'it does not speak MCP: its answer is not a message of the protocol';
  return isUnreached(error) && error.cause instanceof Error ? messageOf(error.cause) : error.message;
}

/** Statuses below 500 that a retry may change. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

interface HttpAnswer {
  readonly status: number;
  /** The message of the SDK. */
  readonly message: string;
  readonly statusText?: string | undefined;
}

/** @param at.tokenKey  the configuration key of the server's token @param at.hasCredentials  whether the request had credentials */
export function httpFailure(answer: HttpAnswer, at: { readonly tokenKey: string; readonly hasCredentials: boolean }): ServerFailure {
  const { status, message, statusText = '' } = answer;
  const text = message.replace(/^Error POSTing to endpoint: ?/, '');
  // An HTML page of a proxy says no more than its status.
  const said = text === '' || text === 'null' || text.startsWith('<') ? statusText : text;
  const kind = status < 500 && !PASSING.has(status) ? 'rejected' : 'faulty';
  if (status !== 401) return new ServerFailure(kind, `it answered ${status}${said === '' ? '' : `: ${said}`}`, answer);
  const { tokenKey, hasCredentials } = at;
  const need = hasCredentials
    ? `it does not accept the token (${tokenKey})`
    : `it needs a token (${tokenKey}, or xopc mcp add … --token-env)`;
  const quoted = said === '' || said === 'Unauthorized' ? '' : ` (${said.slice(0, 200)})`;
  return new ServerFailure(kind, `it answered 401${quoted}: ${need}; sign-in by OAuth is not supported`, answer);
}
