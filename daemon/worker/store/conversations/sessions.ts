/** Statements on sessions. A deleted one is not found by its key. */
import { sql } from 'kysely';
import type { SessionDocument } from '../../../../shared/api/sessions.js';
import { GatewayError } from '../../../../shared/errors.js';
import { isId } from '../../../../shared/ids.js';
import { prepare, prepareRows } from '../prepare.js';
import type { Queries, SessionRow } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The parts of a new session. `key` joins them with colons. */
export interface NewSession {
  readonly key: string;
  readonly agentId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly peerKind: string;
  readonly peerId: string;
}

/** A stored session: the fields of its document, and internal ones. */
export interface Session extends NewSession, Pick<SessionDocument, 'messageCount' | 'model' | 'pinned' | 'archived' | 'unread' | 'tags'> {
  readonly id: number;
  /** Null before the first message. */
  readonly title: string | null;
  /** Messages up to this `seq` are history to people but no longer context to the model (`/new`). */
  readonly contextAfterSeq: number;
  /** `provider/model` of the last turn. */
  readonly lastModel: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    key: row.key,
    agentId: row.agent_id,
    channel: row.channel,
    accountId: row.account_id,
    peerKind: row.peer_kind,
    peerId: row.peer_id,
    title: row.title,
    messageCount: row.message_count,
    contextAfterSeq: row.context_after_seq,
    model: row.model,
    lastModel: row.last_model,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    pinned: row.is_pinned === 1,
    archived: row.is_archived === 1,
    unread: row.is_unread === 1,
    tags: JSON.parse(row.tags) as string[],
  };
}

/** Returns the document of a session. Without a title, it is named after its peer. */
export function toSessionDocument(session: Session): SessionDocument {
  const { key, agentId, channel, messageCount, model, pinned, archived, unread, tags } = session;
  return {
    key,
    agentId,
    channel,
    title: session.title ?? (channel === 'webchat' ? 'New chat' : session.peerId),
    createdAt: new Date(session.createdAtMs).toISOString(),
    updatedAt: new Date(session.updatedAtMs).toISOString(),
    messageCount,
    model,
    pinned,
    archived,
    unread,
    tags,
  };
}

export function sessionNotFound(key: string): GatewayError {
  return new GatewayError('SESSION_NOT_FOUND', {
    message: `there is no session '${key}'`,
    details: { session: key },
    hint: 'GET /api/sessions lists them; a deleted one can be restored for seven days.',
  });
}

const selectByKey = prepare<{ key: string }>()((db, p) =>
  db.selectFrom('sessions').selectAll().where('key', '=', p.key).where('deleted_at', 'is', null),
);

/** Pattern of peer ids that the gateway made: the prefix, and 32 characters of which each is matched by an underscore. */
const MADE_PEER_ID = `chat_${'_'.repeat(32)}`;

const selectEmpty = prepare<{ agentId: string; channel: string }>()((db, p) =>
  db
    .selectFrom('sessions')
    .selectAll()
    .where('agent_id', '=', p.agentId)
    .where('channel', '=', p.channel)
    .where('message_count', '=', sql.lit(0))
    .where('deleted_at', 'is', null)
    .where('peer_id', 'like', sql.lit(MADE_PEER_ID))
    .orderBy('id', 'desc')
    .limit(1),
);

type InsertedSession = NewSession & { readonly title: string | null; readonly nowMs: number };

const rowOf = (p: InsertedSession) => ({
  key: p.key,
  agent_id: p.agentId,
  channel: p.channel,
  account_id: p.accountId,
  peer_kind: p.peerKind,
  peer_id: p.peerId,
  title: p.title,
  created_at: p.nowMs,
  updated_at: p.nowMs,
});

const insert = prepare<InsertedSession>()((db, p) => db.insertInto('sessions').values(rowOf(p)).returningAll());

/** Counts a message in. Runs in a write. */
export const { run: touchSession } = prepare<Touch>()((db, p) =>
  db
    .updateTable('sessions')
    .set({
      message_count: sql`message_count + 1`,
      title: sql`coalesce(title, ${p.title})`,
      updated_at: p.nowMs,
      is_unread: sql`case when ${p.isNews} = 1 then 1 else is_unread end`,
      is_archived: sql`case when ${p.staysArchived} = 0 then 0 else is_archived end`,
    })
    .where('id', '=', p.id),
);

/** Returns a subquery for the id of the session with a key. */
export function livingId(db: Queries, key: string) {
  return db.selectFrom('sessions').select('id').where('key', '=', key).where('deleted_at', 'is', null);
}

/**
 * Counts messages of the gateway itself into sessions, each of which is there once, creating those that are missing. They become unread
 * and stay archived. Each draws an id, whether it is needed or not: gaps are normal.
 */
export const { of: countSaid } = prepareRows<InsertedSession & { readonly count: number }>({
  key: 'text',
  agentId: 'text',
  channel: 'text',
  accountId: 'text',
  peerKind: 'text',
  peerId: 'text',
  title: 'text',
  nowMs: 'bigint',
  count: 'bigint',
})(
  'sessions',
  (p) => ({ ...rowOf(p), message_count: p.count, is_unread: sql.lit(1) }),
  (insert) =>
    insert.onConflict((conflict) =>
      conflict
        .column('key')
        .where('deleted_at', 'is', null)
        .doUpdateSet({
          message_count: sql`sessions.message_count + excluded.message_count`,
          title: sql`coalesce(sessions.title, excluded.title)`,
          updated_at: sql`excluded.updated_at`,
          is_unread: sql.lit(1),
        }),
    ),
);

/** Counts as use: a session made from older messages, and one that had expired, expire and are listed by it. Runs in a write. */
export const { run: renewSession } = prepare<{ id: number; nowMs: number }>()((db, p) =>
  db.updateTable('sessions').set({ updated_at: p.nowMs }).where('id', '=', p.id),
);

/** Counts messages in, or, with a negative number, out. Runs in a write. */
export const { run: countMessages } = prepare<{ id: number; count: number }>()((db, p) =>
  db
    .updateTable('sessions')
    .set({ message_count: sql`message_count + ${p.count}` })
    .where('id', '=', p.id),
);

const startFresh = prepare<{ id: number }>()((db, p) =>
  db
    .updateTable('sessions')
    .set({ context_after_seq: sql`coalesce((select max(seq) from messages where session_id = ${p.id}), 0)` })
    .where('id', '=', p.id),
);

/** Returns the session with a key; undefined for a deleted one. */
export async function findSession(tx: Transaction, key: string): Promise<Session | undefined> {
  const row = await selectByKey.first(tx, { key });
  return row && toSession(row);
}

/** Returns the session with a key. @throws SESSION_NOT_FOUND */
export async function getSession(tx: Transaction, key: string): Promise<Session> {
  const session = await findSession(tx, key);
  if (session === undefined) throw sessionNotFound(key);
  return session;
}

/** Returns the newest session of an agent and channel that has no messages, and whose peer id no caller gave. */
export async function findEmptySession(tx: Transaction, owner: { agentId: string; channel: string }): Promise<Session | undefined> {
  const row = await selectEmpty.first(tx, owner);
  return row !== undefined && isId('chat', row.peer_id) ? toSession(row) : undefined;
}

/** Returns the session with a key, creating it if necessary. Runs in a write. */
export async function ensureSession(
  tx: Transaction,
  parts: NewSession & { nowMs: number },
): Promise<{ session: Session; created: boolean }> {
  const found = await findSession(tx, parts.key);
  if (found !== undefined) return { session: found, created: false };
  const row = await insert.first(tx, { ...parts, title: null });
  if (row === undefined) throw new Error(`session ${parts.key} was not stored`);
  return { session: toSession(row), created: true };
}

/** A message that was added. `title` applies when the session has none. */
export interface Touch {
  readonly id: number;
  readonly title: string | null;
  readonly nowMs: number;
  /** 1: the session becomes unread. */
  readonly isNews: number;
  /** 0: the session is unarchived, because a person writes in it again. */
  readonly staysArchived: number;
}

/** Ends the context: the messages so far are no longer given to the model. */
export async function startFreshContext(tx: Transaction, id: number): Promise<void> {
  await startFresh.run(tx, { id });
}

/** Fields that are left out stay as they are. `model` null: the configured model. */
export interface SessionChange {
  readonly title?: string;
  readonly model?: string | null;
  readonly pinned?: boolean;
  readonly archived?: boolean;
  readonly unread?: boolean;
  /** All tags, in order, without duplicates. */
  readonly tags?: readonly string[];
}

/** Changes the settings of a session, without changing its `updatedAtMs`. Runs in a write. */
export async function changeSession(tx: Transaction, id: number, change: SessionChange): Promise<void> {
  const { title, model, pinned, archived, unread, tags } = change;
  const columns = {
    ...(title === undefined ? {} : { title }),
    ...(model === undefined ? {} : { model }),
    ...(pinned === undefined ? {} : { is_pinned: Number(pinned) }),
    ...(archived === undefined ? {} : { is_archived: Number(archived) }),
    ...(unread === undefined ? {} : { is_unread: Number(unread) }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
  };
  if (Object.keys(columns).length > 0) await queriesOf(tx).updateTable('sessions').set(columns).where('id', '=', id).execute();
  if (tags === undefined) return;
  await queriesOf(tx).deleteFrom('session_tags').where('session_id', '=', id).execute();
  for (const tag of tags) await queriesOf(tx).insertInto('session_tags').values({ tag, session_id: id }).execute();
}

/** Replaces a title that the gateway made, unless somebody changed it meanwhile. Runs in a write. @returns whether it did */
export async function replaceTitle(tx: Transaction, id: number, title: { from: string; to: string }): Promise<boolean> {
  const update = queriesOf(tx).updateTable('sessions').set({ title: title.to }).where('id', '=', id).where('title', '=', title.from);
  const { numUpdatedRows } = await update.executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Returns up to `limit` tags that are in use, in alphabetical order. Each is found by jumping over the rows of the one before. */
export async function listTags(tx: Transaction, limit: number): Promise<string[]> {
  const { rows } = await sql<{ tag: string }>`
    with recursive known (tag) as (
      select min(tag) from session_tags
      union all
      select (select min(tag) from session_tags where session_tags.tag > known.tag) from known where known.tag is not null
    )
    select tag from known where tag is not null limit ${limit}`.execute(queriesOf(tx));
  return rows.map(({ tag }) => tag);
}
