/**
 * A session while it is filled, by an import or a copy: invisible until it is complete. It counts as deleted long ago, and a lease
 * keeps it from being purged while the instance that fills it is alive. Even if that instance dies, a partial session is never
 * visible.
 */
import { acquireLease, releaseLease } from '../leases.js';
import { queriesOf, type Transaction } from '../transaction.js';
import { ensureSession, type NewSession, type Session } from './sessions.js';

/** The deletion time of such a session: earlier than any real one. */
export const STAGED_AT = 1;

/** The lease of a new session: nobody else can have it. */
const NOBODY = { living: async () => new Set<string>() };

const leaseOf = (id: number): string => `import:${id}`;

/** Creates an invisible session. Its key must be new. Runs in a transaction. */
export async function stageSession(tx: Transaction, staged: NewSession & { nowMs: number; instanceId: string }): Promise<Session> {
  const { instanceId, ...parts } = staged;
  const { session } = await ensureSession(tx, parts);
  await queriesOf(tx).updateTable('sessions').set({ deleted_at: STAGED_AT }).where('id', '=', session.id).execute();
  await acquireLease(tx, { key: leaseOf(session.id), owner: instanceId, liveness: NOBODY, nowMs: parts.nowMs });
  return session;
}

/** Makes the session visible under its final key. Returns whether it still existed. Runs in a transaction. */
export async function publishSession(
  tx: Transaction,
  staged: Pick<Session, 'id' | 'agentId' | 'key'> & { instanceId: string },
): Promise<boolean> {
  const { id, agentId, key, instanceId } = staged;
  await releaseLease(tx, { key: leaseOf(id), owner: instanceId });
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('sessions')
    .set({ deleted_at: null, agent_id: agentId, key })
    .where('id', '=', id)
    .where('deleted_at', '=', STAGED_AT)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Releases the session to the next purge. Runs in a transaction. */
export async function dropStagedSession(tx: Transaction, staged: { id: number; instanceId: string }): Promise<void> {
  await releaseLease(tx, { key: leaseOf(staged.id), owner: staged.instanceId });
}
