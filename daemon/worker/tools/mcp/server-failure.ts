/** How a server fails, in words for people and models. */

/**
 * `refused`: it answered a request with an error of the protocol. `rejected`: with an HTTP status that a repetition does not change. `faulty`:
 * with another HTTP status. `late`: it did not answer in time. `unreachable`: it could not be started, or the connection was lost.
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

/** Returns the message; `fetch` has why it failed in the cause alone. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The SDK passes on what zod found in an answer.
  if (/^\[\s*\{/.test(error.message)) return 'it does not speak MCP: its answer is not a message of the protocol';
  return isUnreached(error) && error.cause instanceof Error ? messageOf(error.cause) : error.message;
}

/** Statuses below 500 that may be another one later. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

interface HttpAnswer {
  readonly status: number;
  /** What the SDK says of it. */
  readonly message: string;
  readonly statusText?: string | undefined;
}

/** @param at.tokenKey  where the configuration has the server's token @param at.hasCredentials  whether some were sent */
export function httpFailure(answer: HttpAnswer, at: { readonly tokenKey: string; readonly hasCredentials: boolean }): ServerFailure {
  const { status, message, statusText = '' } = answer;
  const text = message.replace(/^Error POSTing to endpoint: ?/, '');
  // A page of a proxy says no more than its status.
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
