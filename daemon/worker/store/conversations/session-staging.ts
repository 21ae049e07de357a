/**
 * A session that is being filled, out of everybody's sight: it counts as deleted long ago, and a lease keeps it from being
 * purged while the instance that fills it lives. Whatever ends that instance, nothing of it is ever seen half.
 */
import { acquireLease, releaseLease } from '../leases.js';
import type { SessionRow } from '../schema.js';
import { ensureSession, type NewSession } from './sessions.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** When such a session counts as deleted: before any that a person has deleted. */
export const STAGED_AT = 1;

const leaseOf = (id: number): string => `import:${id}`;

/** Runs in a write. The key must be new. */
export async function stageSession(tx: Transaction, staged: NewSession & { nowMs: number; instanceId: string }): Promise<SessionRow> {
  const { instanceId, ...session } = staged;
  const { row } = await ensureSession(tx, session);
  await queriesOf(tx).updateTable('sessions').set({ deleted_at: STAGED_AT }).where('id', '=', row.id).execute();
  await acquireLease(tx, { key: leaseOf(row.id), owner: instanceId, liveOwners: [], nowMs: session.nowMs });
  return row;
}

/** Runs in a write: from now on everybody sees it. @returns whether it was there still */
export async function publishSession(tx: Transaction, staged: { id: number; instanceId: string }): Promise<boolean> {
  await releaseLease(tx, { key: leaseOf(staged.id), owner: staged.instanceId });
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('sessions')
    .set({ deleted_at: null })
    .where('id', '=', staged.id)
    .where('deleted_at', '=', STAGED_AT)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Runs in a write: leaves it to those who purge. */
export async function dropStagedSession(tx: Transaction, staged: { id: number; instanceId: string }): Promise<void> {
  await releaseLease(tx, { key: leaseOf(staged.id), owner: staged.instanceId });
}
