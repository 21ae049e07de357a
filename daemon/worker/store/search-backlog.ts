/** The messages that the search index does not have yet. */
import { sql } from 'kysely';
import { prepare } from './prepare.js';
import type { Queries } from './schema.js';

/** Bounds how long one step holds the event loop and the database: a hundred ordinary messages, or one long one. */
const MAX_ROWS = 500;
const MAX_CHARACTERS = 32_768;

const selectEnd = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom(
      sql<{ seq: number; before: number }>`(
        select seq, sum(length(content)) over (order by seq) - length(content) as before from messages
        where seq > (select position from messages_search_position) order by seq limit ${sql.lit(MAX_ROWS)}
      )`.as('backlog'),
    )
    .select(({ fn }) => fn.max<number | null>('seq').as('end'))
    .where('before', '<', sql.lit(MAX_CHARACTERS)),
);

const insertUpTo = prepare<{ end: number }>()((db, p) =>
  db
    .insertInto('messages_search')
    .columns(['rowid', 'content'])
    .expression((query) =>
      query
        .selectFrom('messages')
        .select(['seq', 'content'])
        .where('seq', '>', sql<number>`(select position from messages_search_position)`)
        .where('seq', '<=', p.end)
        .orderBy('seq'),
    ),
);

const setPosition = prepare<{ end: number }>()((db, p) => db.updateTable('messages_search_position').set({ position: p.end }));

/** Whether there is something that {@link indexNextMessages} would do. */
export async function hasSearchBacklog(db: Queries): Promise<boolean> {
  return typeof (await selectEnd.first(db, {}))?.end === 'number';
}

/** Runs in a write. Puts the next messages into the index. @returns whether there were any */
export async function indexNextMessages(db: Queries): Promise<boolean> {
  const end = (await selectEnd.first(db, {}))?.end ?? null;
  if (end === null) return false;
  await insertUpTo.run(db, { end });
  await setPosition.run(db, { end });
  return true;
}
