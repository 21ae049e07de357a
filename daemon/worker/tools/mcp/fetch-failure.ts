/** Describes failures of `fetch` without an answer. */

export const isUnreached = (error: unknown): error is TypeError => error instanceof TypeError && error.message === 'fetch failed';

/** Returns the message; `fetch` has the reason only in `cause`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The SDK passes on what zod found in an answer.
  if (/^\[\s*\{/.test(error.message)) return 'it does not speak MCP: its answer is not a message of the protocol';
  return isUnreached(error) && error.cause instanceof Error ? messageOf(error.cause) : error.message;
}
