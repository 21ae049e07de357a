/** Regular expressions over log lines: JavaScript's, upper and lower case alike. */
import { GatewayError } from '../errors.js';

export const MAX_PATTERN_LENGTH = 500;
export const PATTERN_FLAGS = 'gi';

function faultOf(pattern: string): string | undefined {
  try {
    return void new RegExp(pattern, PATTERN_FLAGS);
  } catch (error) {
    // `Invalid regular expression: /(/gi: Unterminated group`
    return error instanceof Error ? error.message.slice(error.message.lastIndexOf(': ') + 2) : String(error);
  }
}

/** Behind the longest start that is a pattern: where the trouble is. */
function faultPosition(pattern: string): number {
  let end = pattern.length - 1;
  while (end > 0 && faultOf(pattern.slice(0, end)) !== undefined) end -= 1;
  return Math.max(0, end);
}

/** Refuses what is no regular expression. @throws INVALID_REQUEST that says what is wrong and at which character, from 1 */
export function checkPattern(pattern: string): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new GatewayError('INVALID_REQUEST', { message: `regex has ${pattern.length} characters; ${MAX_PATTERN_LENGTH} is the most` });
  }
  const fault = faultOf(pattern);
  if (fault === undefined) return;
  const column = faultPosition(pattern) + 1;
  throw new GatewayError('INVALID_REQUEST', {
    message: `regex '${pattern}' is not valid: ${fault} (character ${column})`,
    details: { field: 'regex', column },
    hint: 'To search for a character that has a meaning of its own, write a backslash before it.',
  });
}
