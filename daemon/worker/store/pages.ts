/** Pages of a list, each of which names the next one by a cursor. */
import { GatewayError } from '../../../shared/errors.js';
import { reason, say } from '../../../shared/text/reasons.js';

/** @param found  read with one more than `limit`, which shows whether there is another page */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  cursorOf: (last: Item) => string,
): { page: Item[]; nextCursor: string | null } {
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return { page, nextCursor: last === undefined ? null : cursorOf(last) };
}

export function invalidCursor(cursor: string): GatewayError {
  const why = reason('invalid-cursor', { cursor: cursor.slice(0, 80) });
  return new GatewayError('INVALID_REQUEST', {
    message: say(why),
    details: { field: 'cursor', ...why },
    hint: 'Use nextCursor of the previous page.',
  });
}
