/**
 * Grants: tools that an agent may use without asking, because a person allowed it. Each function that changes something runs in a
 * transaction.
 */
import type { Remember } from '../../../../shared/api/tools/approval-states.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { Approval } from './approvals.js';

export interface Grant {
  readonly id: number;
  readonly agentId: string;
  /** Null: in all sessions of the agent. */
  readonly sessionKey: string | null;
  readonly tool: string;
  /** The approval with which it was granted. */
  readonly approvalId: number;
  readonly grantedAtMs: number;
}

function select(tx: Transaction) {
  return queriesOf(tx)
    .selectFrom('approval_grants')
    .leftJoin('sessions', 'sessions.id', 'approval_grants.session_id')
    .select(['approval_grants.seq as id', 'approval_grants.agent_id as agentId', 'sessions.key as sessionKey', 'approval_grants.tool'])
    .select(['approval_grants.approval_seq as approvalId', 'approval_grants.granted_at as grantedAtMs']);
}

/** Stores that the tool of an approval no longer needs a question. An existing grant is kept. */
export async function addGrant(tx: Transaction, approval: Approval, given: { for: Remember; nowMs: number }): Promise<void> {
  await queriesOf(tx)
    .insertInto('approval_grants')
    .values({
      agent_id: approval.agentId,
      session_id: given.for === 'session' ? approval.sessionId : null,
      tool: approval.tool,
      approval_seq: approval.id,
      granted_at: given.nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Returns whether the agent may use the tool in a session without asking. */
export async function isGranted(tx: Transaction, call: { agentId: string; sessionKey: string; tool: string }): Promise<boolean> {
  const row = await select(tx)
    .where('approval_grants.agent_id', '=', call.agentId)
    .where('approval_grants.tool', '=', call.tool)
    .where((where) =>
      where.or([
        where('approval_grants.session_id', 'is', null),
        where.and([where('sessions.key', '=', call.sessionKey), where('sessions.deleted_at', 'is', null)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Returns all, oldest first, except those of deleted sessions. */
export async function listGrants(tx: Transaction): Promise<Grant[]> {
  return select(tx).where('sessions.deleted_at', 'is', null).orderBy('approval_grants.seq').execute();
}

export async function findGrant(tx: Transaction, id: number): Promise<Grant | undefined> {
  return select(tx).where('approval_grants.seq', '=', id).executeTakeFirst();
}

export async function removeGrant(tx: Transaction, id: number): Promise<void> {
  await queriesOf(tx).deleteFrom('approval_grants').where('seq', '=', id).execute();
}
