/** Statements on the read positions of channels. */
import { queriesOf, type Transaction } from '../transaction.js';

/** The position up to which updates were read, and when. */
export interface InboxCursor {
  readonly position: number;
  readonly updatedAtMs: number;
}

export async function readInboxCursor(tx: Transaction, scope: string): Promise<InboxCursor | undefined> {
  return queriesOf(tx)
    .selectFrom('inbox_cursors')
    .select(['position', 'updated_at as updatedAtMs'])
    .where('scope', '=', scope)
    .executeTakeFirst();
}

/** Runs in the transaction that stores the updates. */
export async function saveInboxCursor(tx: Transaction, cursor: { scope: string; position: number; nowMs: number }): Promise<void> {
  const values = { position: cursor.position, updated_at: cursor.nowMs };
  await queriesOf(tx)
    .insertInto('inbox_cursors')
    .values({ scope: cursor.scope, ...values })
    .onConflict((conflict) => conflict.column('scope').doUpdateSet(values))
    .execute();
}
