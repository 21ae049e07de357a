/**
 * Approvals: tool calls that a person decides about. Each ends exactly once. Each function that changes something runs in a
 * transaction, and the change is published with its commit.
 */
import { type Selectable, sql } from 'kysely';
import type { ApprovalState, Remember } from '../../../../shared/api/tools/approval-states.js';
import { isTooDeep, TOO_DEEP } from '../../../../shared/node/json-guard.js';
import { cutText } from '../../../../shared/text/one-line.js';
import { PURGE_ROWS, purgeRows } from '../conversations/purge.js';
import { publishCommitted, queriesOf, tellOthers, type Transaction } from '../transaction.js';
import type { ApprovalTable } from './tables.js';

/** The call of a turn's step. */
export interface AskedCall {
  readonly turnId: string;
  readonly step: number;
  readonly callIndex: number;
  readonly sessionId: number;
  readonly agentId: string;
  readonly tool: string;
  /** Plain JSON; an input that is nested too deep is read back as text. */
  readonly input: unknown;
  /** The agent's text before the call. */
  readonly said: string;
}

/** Who decided: `via` the name of a channel, or `page`, `api`, `command`. */
export interface Decider {
  readonly via: string;
  readonly name: string | null;
}

export interface Decision {
  readonly id: number;
  readonly state: 'approved' | 'denied';
  readonly by: Decider;
  readonly note: string | null;
  readonly remember: Remember | null;
  readonly nowMs: number;
}

export interface Approval extends AskedCall {
  /** Its number for people. */
  readonly id: number;
  readonly sessionKey: string;
  readonly state: ApprovalState;
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
  /** When it stopped being pending. */
  readonly decidedAtMs: number | null;
  readonly decidedBy: Decider | null;
  readonly note: string | null;
  readonly remember: Remember | null;
}

const MAX_SAID_LENGTH = 2_000;
const MAX_CUT_LENGTH = 2_000;

/** An older build stored inputs nested too deep to be processed. This build refuses such calls. */
function readInput(text: string): unknown {
  const input: unknown = JSON.parse(text);
  return isTooDeep(input) ? `${cutText(text, MAX_CUT_LENGTH, '')} … (cut: it ${TOO_DEEP})` : input;
}

type Row = Selectable<ApprovalTable> & { session_key: string };

const toApproval = (row: Row): Approval => ({
  id: row.seq,
  turnId: row.turn_id,
  step: row.step,
  callIndex: row.call_index,
  sessionId: row.session_id,
  sessionKey: row.session_key,
  agentId: row.agent_id,
  tool: row.tool,
  input: readInput(row.input),
  said: row.said,
  state: row.state,
  askedAtMs: row.asked_at,
  expiresAtMs: row.expires_at,
  decidedAtMs: row.decided_at,
  decidedBy: row.decided_via === null ? null : { via: row.decided_via, name: row.decided_by },
  note: row.note,
  remember: row.remember,
});

function select(tx: Transaction) {
  return queriesOf(tx)
    .selectFrom('approvals')
    .innerJoin('sessions', 'sessions.id', 'approvals.session_id')
    .selectAll('approvals')
    .select('sessions.key as session_key');
}

/** Publishes that approvals have changed. */
function tellChanges(tx: Transaction, changed: readonly Approval[]): void {
  if (changed.length > 0) tellOthers(tx, 'approvals');
  for (const { id, state, sessionKey: session, agentId, tool, turnId } of changed)
    publishCommitted(tx, { type: 'approval', id, state, session, agentId, tool, turnId });
}

async function readChanged(tx: Transaction, id: number): Promise<Approval> {
  const changed = toApproval(await select(tx).where('seq', '=', id).executeTakeFirstOrThrow());
  tellChanges(tx, [changed]);
  return changed;
}

export async function insertApproval(
  tx: Transaction,
  asked: AskedCall,
  times: { askedAtMs: number; expiresAtMs: number },
): Promise<Approval> {
  const { seq } = await queriesOf(tx)
    .insertInto('approvals')
    .values({
      turn_id: asked.turnId,
      step: asked.step,
      call_index: asked.callIndex,
      session_id: asked.sessionId,
      agent_id: asked.agentId,
      tool: asked.tool,
      input: JSON.stringify(asked.input) ?? 'null',
      // Half of a surrogate pair cannot be stored.
      said: cutText(asked.said, MAX_SAID_LENGTH, '').toWellFormed(),
      state: 'pending',
      asked_at: times.askedAtMs,
      expires_at: times.expiresAtMs,
      decided_at: null,
      decided_via: null,
      decided_by: null,
      note: null,
      remember: null,
    })
    .returning('seq')
    .executeTakeFirstOrThrow();
  return readChanged(tx, seq);
}

export async function findApproval(tx: Transaction, id: number): Promise<Approval | undefined> {
  const row = await select(tx).where('seq', '=', id).executeTakeFirst();
  return row && toApproval(row);
}

/** Returns the approvals of a turn, in the order of its calls. */
export async function readApprovalsOfTurn(tx: Transaction, turnId: string): Promise<Approval[]> {
  const rows = await select(tx).where('turn_id', '=', turnId).orderBy('step').orderBy('call_index').execute();
  return rows.map(toApproval);
}

export interface ApprovalPage {
  readonly limit: number;
  readonly state?: ApprovalState | undefined;
  readonly sessionKey?: string | undefined;
  /** The account of a program, to return only its own sessions' approvals. Undefined: all. */
  readonly ownAccount?: string | undefined;
  /** Only older ones. */
  readonly beforeId?: number | undefined;
}

/** Returns up to `limit` approvals, newest first, without those of deleted sessions. */
export async function listApprovals(tx: Transaction, page: ApprovalPage): Promise<Approval[]> {
  let query = select(tx).where('sessions.deleted_at', 'is', null);
  if (page.state !== undefined) query = query.where('state', '=', page.state);
  if (page.sessionKey !== undefined) query = query.where('sessions.key', '=', page.sessionKey);
  if (page.ownAccount !== undefined) query = query.where('sessions.channel', '=', 'api').where('sessions.account_id', '=', page.ownAccount);
  if (page.beforeId !== undefined) query = query.where('seq', '<', page.beforeId);
  const rows = await query.orderBy('seq', 'desc').limit(page.limit).execute();
  return rows.map(toApproval);
}

/** @returns undefined unless it was pending and had not expired */
export async function decideApproval(tx: Transaction, { id, state, by, note, remember, nowMs }: Decision): Promise<Approval | undefined> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('approvals')
    .set({
      state,
      decided_at: nowMs,
      decided_via: by.via,
      decided_by: by.name,
      note,
      remember,
    })
    .where('seq', '=', id)
    .where('state', '=', 'pending')
    .where('expires_at', '>', nowMs)
    .executeTakeFirst();
  return numUpdatedRows === 1n ? readChanged(tx, id) : undefined;
}

/** Ends expired approvals. @returns them, oldest first */
export async function expireApprovals(tx: Transaction, nowMs: number): Promise<Approval[]> {
  const due = await select(tx).where('state', '=', 'pending').where('expires_at', '<=', nowMs).orderBy('seq').limit(PURGE_ROWS).execute();
  for (const { seq } of due)
    await queriesOf(tx)
      .updateTable('approvals')
      .set({ state: 'expired', decided_at: nowMs })
      .where('seq', '=', seq)
      .where('state', '=', 'pending')
      .execute();
  const expired = due.map((row) => toApproval({ ...row, state: 'expired', decided_at: nowMs }));
  tellChanges(tx, expired);
  return expired;
}

/** Withdraws the pending approvals of a turn that will not be continued. */
export async function cancelApprovals(tx: Transaction, { turnId, nowMs }: { turnId: string; nowMs: number }): Promise<void> {
  const cancelled = await queriesOf(tx)
    .updateTable('approvals')
    .set({ state: 'cancelled', decided_at: nowMs })
    .where('turn_id', '=', turnId)
    .where('state', '=', 'pending')
    .returning('seq')
    .execute();
  for (const { seq } of cancelled) await readChanged(tx, seq);
}

/** Moves the approvals of a turn to the turn that continues it. */
export async function moveApprovals(tx: Transaction, { from, to }: { from: string; to: string }): Promise<void> {
  await queriesOf(tx).updateTable('approvals').set({ turn_id: to }).where('turn_id', '=', from).execute();
}

/** Returns whether a turn waits for a decision. */
export async function hasPending(tx: Transaction, turnId: string): Promise<boolean> {
  const row = await queriesOf(tx)
    .selectFrom('approvals')
    .select('seq')
    .where('turn_id', '=', turnId)
    .where('state', '=', 'pending')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Returns when the next approval expires; undefined if none is pending. */
export async function nextExpiry(tx: Transaction): Promise<number | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('approvals')
    .select('expires_at')
    .where('state', '=', 'pending')
    .orderBy('expires_at')
    .limit(1)
    .executeTakeFirst();
  return row?.expires_at;
}

/** Returns how many are pending. */
export async function countPending(tx: Transaction): Promise<number> {
  const { count } = await queriesOf(tx)
    .selectFrom('approvals')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow();
  return count;
}

/** Purges approvals that ended long ago: one step. Returns their number. */
export function purgeApprovals(tx: Transaction, beforeMs: number): Promise<number> {
  return purgeRows(tx, { table: 'approvals', key: 'seq' }, sql`decided_at <= ${beforeMs}`);
}
