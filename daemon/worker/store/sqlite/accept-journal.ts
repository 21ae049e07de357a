/**
 * Messages that were accepted in a burst. Each is one row here, on disk when it is answered; many of them are then applied
 * together, by a few statements: to their sessions and to the outbox, as if each had been stored by itself. That costs a
 * third of it. Nobody sees the difference, because whoever reads or writes has the journal applied first (store.ts,
 * commit-batch.ts), and it is applied when a worker has died.
 */
import { sql } from 'kysely';
import type { Acceptance } from '../delivery/accept.js';
import { titleFrom } from '../conversations/messages.js';
import type { Lane } from '../delivery/outbox.js';
import { prepare } from '../prepare.js';
import type { DeliveryState } from '../schema.js';
import type { Transaction } from '../transaction.js';
import type { NewSession } from '../conversations/sessions.js';

type Nothing = Record<never, never>;

/** A message of one part at the most, and the session of its chat. */
export interface JournalEntry extends NewSession, Lane {
  readonly id: string;
  readonly title: string | null;
  readonly content: string;
  readonly body: string | null;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

const insertEntry = prepare<JournalEntry>()((db, p) =>
  db.insertInto('accept_journal').values({
    id: p.id,
    session_key: p.key,
    agent_id: p.agentId,
    channel: p.channel,
    account_id: p.accountId,
    peer_kind: p.peerKind,
    peer_id: p.peerId,
    chat_id: p.chatId,
    title: p.title,
    content: p.content,
    body: p.body,
    accepted_at: p.nowMs,
    expires_at: p.expiresAtMs,
  }),
);

/** An upsert from a query needs a condition, or its own `on` would be taken for a join's (https://www.sqlite.org/lang_upsert.html). */
const always = sql<boolean>`true`;

const applySessions = prepare<Nothing>()((db) =>
  db
    .insertInto('sessions')
    .columns([
      ...(['key', 'agent_id', 'channel', 'account_id', 'peer_kind', 'peer_id'] as const),
      ...(['title', 'message_count', 'created_at', 'updated_at', 'is_unread'] as const),
    ])
    .expression((query) =>
      query
        .selectFrom((chats) =>
          chats
            .selectFrom('accept_journal')
            .select(({ fn }) => [fn.min('seq').as('first_seq'), fn.countAll<number>().as('count'), fn.max('accepted_at').as('last_at')])
            .select(sql<number | null>`min(case when title is not null then seq end)`.as('title_seq'))
            .groupBy('session_key')
            .as('chat'),
        )
        .innerJoin('accept_journal as first', 'first.seq', 'chat.first_seq')
        .leftJoin('accept_journal as titled', 'titled.seq', 'chat.title_seq')
        .select(['first.session_key', 'first.agent_id', 'first.channel', 'first.account_id', 'first.peer_kind', 'first.peer_id'])
        .select(['titled.title', 'chat.count', 'first.accepted_at', 'chat.last_at', sql.lit(1).as('is_unread')])
        .where(always)
        .orderBy('chat.first_seq'),
    )
    .onConflict((conflict) =>
      conflict
        .column('key')
        .where('deleted_at', 'is', null)
        .doUpdateSet({
          title: sql`coalesce(sessions.title, excluded.title)`,
          message_count: sql`sessions.message_count + excluded.message_count`,
          updated_at: sql`excluded.updated_at`,
          is_unread: sql.lit(1),
        }),
    ),
);

/** What is there already under its id was stored before. */
const applyMessages = prepare<Nothing>()((db) =>
  db
    .insertInto('messages')
    .columns(['id', 'session_id', 'role', 'content', 'status', 'created_at'])
    .expression((query) =>
      query
        .selectFrom('accept_journal as j')
        .select((entry) => [
          'j.id',
          entry
            .selectFrom('sessions as s')
            .select('s.id')
            .whereRef('s.key', '=', 'j.session_key')
            .where('s.deleted_at', 'is', null)
            .as('session_id'),
          sql.lit('assistant' as const).as('role'),
          'j.content',
          sql.lit('complete' as const).as('status'),
          'j.accepted_at',
        ])
        .where(always)
        .orderBy('j.seq'),
    )
    .onConflict((conflict) => conflict.doNothing()),
);

/** What has nothing to be sent is delivered by being stored. */
const state = sql<DeliveryState>`case when body is null then 'delivered' else 'queued' end`;
const finishedAt = sql<number | null>`case when body is null then accepted_at end`;

const applyOutbox = prepare<Nothing>()((db) =>
  db
    .insertInto('outbox_messages')
    .columns([
      ...(['id', 'channel', 'account_id', 'chat_id', 'content', 'state'] as const),
      ...(['due_at', 'expires_at', 'created_at', 'updated_at', 'finished_at'] as const),
    ])
    .expression((query) =>
      query
        .selectFrom('accept_journal')
        .select(['id', 'channel', 'account_id', 'chat_id', 'content', state.as('state')])
        .select(['accepted_at as due_at', 'expires_at', 'accepted_at as created_at', 'accepted_at as updated_at'])
        .select(finishedAt.as('finished_at'))
        .where(always)
        .orderBy('seq'),
    )
    .onConflict((conflict) => conflict.doNothing()),
);

const applyParts = prepare<Nothing>()((db) =>
  db
    .insertInto('outbox_parts')
    .columns(['message_seq', 'part', 'body', 'state'])
    .expression((query) =>
      query
        .selectFrom('accept_journal as j')
        .innerJoin('outbox_messages as o', 'o.id', 'j.id')
        .select(['o.seq', sql.lit(1).as('part'), 'j.body', sql.lit('queued' as const).as('state')])
        .where('j.body', 'is not', null)
        .orderBy('j.seq'),
    )
    .onConflict((conflict) => conflict.doNothing()),
);

const empty = prepare<Nothing>()((db) => db.deleteFrom('accept_journal'));

/** Numbers begin with 1 whenever it is empty. */
const selectLength = prepare<Nothing>()((db) => db.selectFrom('accept_journal').select(({ fn }) => fn.max('seq').as('length')));

/** The entry of a message; undefined for one of several parts. */
export function journalEntry({ message, session }: Acceptance): JournalEntry | undefined {
  const { id, channel, accountId, chatId, content, bodies, nowMs, expiresAtMs } = message;
  if (bodies.length > 1) return undefined;
  const { key, agentId, peerKind, peerId } = session;
  const [body = null] = bodies;
  const title = titleFrom(content);
  // Each by name: on this path spreading them would be felt.
  return { key, agentId, channel, accountId, peerKind, peerId, chatId, id, title, content, body, nowMs, expiresAtMs };
}

/** Runs in a write. @returns how long the journal is now */
export async function appendToJournal(tx: Transaction, entries: readonly JournalEntry[]): Promise<number> {
  return insertEntry.insertAll(tx, entries);
}

export async function journalLength(tx: Transaction): Promise<number> {
  return (await selectLength.first(tx, {}))?.length ?? 0;
}

/** Runs in a write: applies all that is in it. */
export async function applyJournal(tx: Transaction): Promise<void> {
  if ((await journalLength(tx)) === 0) return;
  for (const step of [applySessions, applyMessages, applyOutbox, applyParts, empty]) await step.run(tx, {});
}
