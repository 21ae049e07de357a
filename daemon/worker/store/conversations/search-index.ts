/** Statements on the backlog of the search index. */
import { type RawBuilder, sql } from 'kysely';
import { prepare } from '../prepare.js';
import type { Transaction } from '../transaction.js';

/** Bounds how long one step holds the event loop: a hundred ordinary messages, or one long one. */
const MAX_ROWS = 500;
const MAX_CHARACTERS = 32_768;

/** The newest message of the next step; null when there is none. */
const end = sql<number | null>`(
  select max(seq) from (
    select seq, sum(length(content)) over (order by seq) - length(content) as before from messages
    where seq > (select position from messages_search_position) order by seq limit ${sql.lit(MAX_ROWS)}
  ) where before < ${sql.lit(MAX_CHARACTERS)}
)`;

type Nothing = Record<never, never>;

const insertStep = prepare<Nothing>()((db) =>
  db
    .insertInto('messages_search')
    .columns(['rowid', 'content'])
    .expression((query) =>
      query
        .selectFrom('messages')
        .select(['seq', 'content'])
        .where('seq', '>', sql<number>`(select position from messages_search_position)`)
        .where('seq', '<=', end as RawBuilder<number>)
        .orderBy('seq'),
    ),
);

const setPosition = prepare<Nothing>()((db) =>
  db.updateTable('messages_search_position').set({ position: sql`coalesce(${end}, position)` }),
);

const selectBacklog = prepare<Nothing>()((db) =>
  db.selectFrom('messages_search_position').select(sql<number | null>`(select max(seq) from messages) - position`.as('messages')),
);

/** Returns an upper bound of the messages that {@link indexNextMessages} has not indexed; 0: none. */
export async function countSearchBacklog(tx: Transaction): Promise<number> {
  return Math.max(0, (await selectBacklog.first(tx, {}))?.messages ?? 0);
}

/** Indexes the next messages. Runs in a write. */
export async function indexNextMessages(tx: Transaction): Promise<void> {
  await insertStep.run(tx, {});
  await setPosition.run(tx, {});
}
