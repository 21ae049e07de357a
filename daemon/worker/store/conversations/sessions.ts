/** Sessions: found by key while they live, changed, deleted softly. */
import { type RawBuilder, sql } from 'kysely';
import { prepare } from '../prepare.js';
import { PURGE_ROWS } from './purge.js';
import type { Queries, SessionRow } from '../schema.js';
import type { Transaction } from '../transaction.js';

/** What a new session is made of. `key` is the parts joined by colons. */
export interface NewSession {
  readonly key: string;
  readonly agentId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly peerKind: string;
  readonly peerId: string;
}

const selectByKey = prepare<{ key: string }>()((db, p) =>
  db.selectFrom('sessions').selectAll().where('key', '=', p.key).where('deleted_at', 'is', null),
);

const selectEmpty = prepare<{ agentId: string; channel: string }>()((db, p) =>
  db
    .selectFrom('sessions')
    .selectAll()
    .where('agent_id', '=', p.agentId)
    .where('channel', '=', p.channel)
    .where('message_count', '=', sql.lit(0))
    .where('deleted_at', 'is', null)
    .orderBy('id', 'desc')
    .limit(1),
);

const insert = prepare<NewSession & { nowMs: number }>()((db, p) =>
  db
    .insertInto('sessions')
    .values({
      key: p.key,
      agent_id: p.agentId,
      channel: p.channel,
      account_id: p.accountId,
      peer_kind: p.peerKind,
      peer_id: p.peerId,
      title: null,
      created_at: p.nowMs,
      updated_at: p.nowMs,
      deleted_at: null,
    })
    .returningAll(),
);

/** The id of the session of that key, within a statement. */
export function livingId(db: Queries, key: string) {
  return db.selectFrom('sessions').select('id').where('key', '=', key).where('deleted_at', 'is', null);
}

/** Makes a session with a first message of the gateway's own in it. */
export const insertBegun = prepare<NewSession & { title: string | null; nowMs: number }>()((db, p) =>
  db.insertInto('sessions').values({
    key: p.key,
    agent_id: p.agentId,
    channel: p.channel,
    account_id: p.accountId,
    peer_kind: p.peerKind,
    peer_id: p.peerId,
    title: p.title,
    message_count: sql.lit(1),
    created_at: p.nowMs,
    updated_at: p.nowMs,
    is_unread: sql.lit(1),
  }),
);

function counted(
  db: Queries,
  { title, nowMs, isNews, staysArchived }: { [name in keyof Omit<Touch, 'id'>]: Touch[name] | RawBuilder<Touch[name]> },
) {
  return db.updateTable('sessions').set({
    message_count: sql`message_count + 1`,
    title: sql`coalesce(title, ${title})`,
    updated_at: nowMs,
    is_unread: sql`max(is_unread, ${isNews})`,
    is_archived: sql`min(is_archived, ${staysArchived})`,
  });
}

const touch = prepare<Touch>()((db, p) => counted(db, p).where('id', '=', p.id));

/** Counts in a message of the gateway's own, which is news and takes nothing out of the archive. */
export const touchByKey = prepare<Pick<Touch, 'title' | 'nowMs'> & { key: string }>()((db, p) =>
  counted(db, { title: p.title, nowMs: p.nowMs, isNews: sql.lit(1), staysArchived: sql.lit(1) })
    .where('key', '=', p.key)
    .where('deleted_at', 'is', null),
);

const uncount = prepare<{ id: number; count: number }>()((db, p) =>
  db
    .updateTable('sessions')
    .set({ message_count: sql`message_count - ${p.count}` })
    .where('id', '=', p.id),
);

const setModel = prepare<{ id: number; model: string | null }>()((db, p) =>
  db.updateTable('sessions').set({ model: p.model }).where('id', '=', p.id),
);

const setTitle = prepare<{ id: number; title: string }>()((db, p) =>
  db.updateTable('sessions').set({ title: p.title }).where('id', '=', p.id),
);

const startFresh = prepare<{ id: number }>()((db, p) =>
  db
    .updateTable('sessions')
    .set({ context_after_seq: sql`coalesce((select max(seq) from messages where session_id = ${p.id}), 0)` })
    .where('id', '=', p.id),
);

const markDeleted = prepare<{ key: string; nowMs: number }>()((db, p) =>
  db.updateTable('sessions').set({ deleted_at: p.nowMs }).where('key', '=', p.key).where('deleted_at', 'is', null),
);

const selectDeleted = prepare<{ key: string; afterMs: number }>()((db, p) =>
  db
    .selectFrom('sessions')
    .selectAll()
    .where('key', '=', p.key)
    .where('deleted_at', '>', p.afterMs)
    .orderBy('deleted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1),
);

const markLiving = prepare<{ id: number }>()((db, p) => db.updateTable('sessions').set({ deleted_at: null }).where('id', '=', p.id));

const selectDoomed = prepare<{ beforeMs: number }>()((db, p) =>
  db
    .selectFrom('sessions')
    .select('id')
    .where('deleted_at', '<=', p.beforeMs)
    // Not one that is being imported (session-staging.ts).
    .where(sql<boolean>`not exists (select 1 from leases where leases.key = 'import:' || sessions.id)`)
    .limit(sql.lit(1)),
);

const deleteMessages = prepare<{ sessionId: number; limit: number }>()((db, p) =>
  db
    .deleteFrom('messages')
    .where('seq', 'in', (query) => query.selectFrom('messages').select('seq').where('session_id', '=', p.sessionId).limit(p.limit)),
);

const deleteTurns = prepare<{ sessionId: number; limit: number }>()((db, p) =>
  db
    .deleteFrom('turns')
    .where('id', 'in', (query) => query.selectFrom('turns').select('id').where('session_id', '=', p.sessionId).limit(p.limit)),
);

const deleteForGood = prepare<{ id: number }>()((db, p) => db.deleteFrom('sessions').where('id', '=', p.id));

export async function findSession(tx: Transaction, key: string): Promise<SessionRow | undefined> {
  return selectByKey.first(tx, { key });
}

/** @returns the newest session of that agent and channel in which nothing was said yet */
export async function findEmptySession(tx: Transaction, owner: { agentId: string; channel: string }): Promise<SessionRow | undefined> {
  return selectEmpty.first(tx, owner);
}

/** Runs in a write. @returns the session of that key, made now if there was none */
export async function ensureSession(
  tx: Transaction,
  session: NewSession & { nowMs: number },
): Promise<{ row: SessionRow; created: boolean }> {
  const found = await findSession(tx, session.key);
  if (found !== undefined) return { row: found, created: false };
  const row = await insert.first(tx, session);
  if (row === undefined) throw new Error(`session ${session.key} was not stored`);
  return { row, created: true };
}

/** A message that was added. `title` is taken when the session has none yet. */
export interface Touch {
  readonly id: number;
  readonly title: string | null;
  readonly nowMs: number;
  /** 1: something that its reader has not seen. */
  readonly isNews: number;
  /** 0: it is taken out of the archive, because somebody speaks in it again. */
  readonly staysArchived: number;
}

/** Counts a message in. */
export async function touchSession(tx: Transaction, change: Touch): Promise<void> {
  await touch.run(tx, change);
}

/** Counts messages out that were taken back. */
export async function uncountMessages(tx: Transaction, change: { id: number; count: number }): Promise<void> {
  await uncount.run(tx, change);
}

/** @param change.model  null: what the configuration says */
export async function setSessionModel(tx: Transaction, change: { id: number; model: string | null }): Promise<void> {
  await setModel.run(tx, change);
}

export async function setSessionTitle(tx: Transaction, change: { id: number; title: string }): Promise<void> {
  await setTitle.run(tx, change);
}

/** From here on, what was said before is no context any more. */
export async function startFreshContext(tx: Transaction, id: number): Promise<void> {
  await startFresh.run(tx, { id });
}

/** @returns whether there was such a session */
export async function deleteSession(tx: Transaction, target: { key: string; nowMs: number }): Promise<boolean> {
  return (await markDeleted.run(tx, target)) > 0;
}

/** @returns the session of that key that was deleted last, unless that was at `afterMs` or earlier */
export async function findDeletedSession(tx: Transaction, target: { key: string; afterMs: number }): Promise<SessionRow | undefined> {
  return selectDeleted.first(tx, target);
}

/** Runs in a write. No other session of its key may live. */
export async function restoreSession(tx: Transaction, id: number): Promise<void> {
  await markLiving.run(tx, { id });
}

/**
 * Removes for good what was deleted at `beforeMs` or earlier, messages and turns with it. Runs in a write: one step,
 * which may end within a session. @returns how many rows
 */
export async function purgeSessions(tx: Transaction, beforeMs: number): Promise<number> {
  let removed = 0;
  while (removed < PURGE_ROWS) {
    const doomed = await selectDoomed.first(tx, { beforeMs });
    if (doomed === undefined) return removed;
    removed += await deleteMessages.run(tx, { sessionId: doomed.id, limit: PURGE_ROWS - removed });
    if (removed < PURGE_ROWS) removed += await deleteTurns.run(tx, { sessionId: doomed.id, limit: PURGE_ROWS - removed });
    if (removed < PURGE_ROWS) removed += await deleteForGood.run(tx, doomed);
  }
  return removed;
}
