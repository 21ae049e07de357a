/**
 * Messages that were accepted in a burst. Each is one row here, on disk when it is answered; many of them are then applied
 * together, by a few statements: to their sessions and to the outbox, as if each had been stored by itself. That costs a
 * third of it. Nobody sees the difference, because whoever reads or writes has the journal applied first (store.ts,
 * commit-batch.ts), and it is applied when a worker has died.
 */
import { sql } from 'kysely';
import type { Acceptance } from './accept.js';
import { titleFrom } from './messages.js';
import type { Lane } from './outbox.js';
import { prepare } from './prepare.js';
import type { DeliveryState, Queries } from './schema.js';
import type { NewSession } from './sessions.js';

type Nothing = Record<never, never>;

interface Entry extends NewSession, Lane {
  readonly id: string;
  readonly title: string | null;
  readonly content: string;
  readonly body: string | null;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

const insertEntry = prepare<Entry>()((db, p) =>
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

/** The first one that has any: a minimum of texts that begin with their numbers, all of one length. */
const firstTitle = sql<string | null>`substr(min(substr('000000000000' || seq, -12) || title), 13)`;

const applySessions = prepare<Nothing>()((db) =>
  db
    .insertInto('sessions')
    .columns([
      ...(['key', 'agent_id', 'channel', 'account_id', 'peer_kind', 'peer_id'] as const),
      ...(['title', 'message_count', 'created_at', 'updated_at', 'is_unread'] as const),
    ])
    .expression((query) =>
      query
        .selectFrom('accept_journal')
        .select(['session_key', 'agent_id', 'channel', 'account_id', 'peer_kind', 'peer_id', firstTitle.as('title')])
        .select(({ fn }) => [fn.countAll<number>().as('count'), fn.min('accepted_at').as('first_at'), fn.max('accepted_at').as('last_at')])
        .select(sql.lit(1).as('is_unread'))
        .where(always)
        .groupBy(['session_key', 'agent_id', 'channel', 'account_id', 'peer_kind', 'peer_id'])
        .orderBy(sql`min(seq)`),
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

/** Stores a message of one part at the most. Runs in a write. */
export async function journalMessage(db: Queries, { message, session }: Acceptance): Promise<void> {
  const { id, channel, accountId, chatId, content, bodies, nowMs, expiresAtMs } = message;
  const { key, agentId, peerKind, peerId } = session;
  const [body = null] = bodies;
  const title = titleFrom(content);
  // Each by name: on this path spreading them would be felt.
  const entry: Entry = { key, agentId, channel, accountId, peerKind, peerId, chatId, id, title, content, body, nowMs, expiresAtMs };
  await insertEntry.run(db, entry);
}

export async function journalLength(db: Queries): Promise<number> {
  return (await selectLength.first(db, {}))?.length ?? 0;
}

/** Runs in a write: applies all that is in it when that are so many. */
export async function applyJournal(db: Queries, from = 1): Promise<void> {
  if ((await journalLength(db)) < from) return;
  for (const step of [applySessions, applyMessages, applyOutbox, applyParts, empty]) await step.run(db, {});
}
