/** Finds messages through an index of every three characters, of the extension `pg_trgm`; without it by reading them. */
import { type RawBuilder, sql } from 'kysely';
import { containing, hasTerms, MARGIN, MAX_MATCHES } from '../conversations/search-terms.js';
import { type MessageSearch, queriesOf } from '../transaction.js';

const contains = (column: RawBuilder<unknown>, needle: string): RawBuilder<boolean> => sql<boolean>`${column} ilike ${containing(needle)}`;

export const messageSearch: MessageSearch = {
  contains,
  holds: (column, part) => sql<boolean>`coalesce(strpos(${column}, ${part}), 0) > 0`,

  messagesWith(needle) {
    if (hasTerms(needle)) {
      return sql`select session_id, seq from messages where parent_seq is null and ${contains(sql`content`, needle)}
        order by seq desc limit ${sql.lit(MAX_MATCHES)}`;
    }
    return sql`select session_id, seq from messages
      where seq > (select max(seq) from messages) - ${sql.lit(MAX_MATCHES)} and parent_seq is null and ${contains(sql`content`, needle)}`;
  },

  around(column, needle) {
    const position = sql`strpos(lower(${column}), lower(${needle}))`;
    return sql<string>`case when ${position} = 0 then ${column}
      else substr(${column}, greatest(1, ${position} - ${sql.lit(MARGIN)}), ${sql.lit(needle.length + 2 * MARGIN)}) end`;
  },

  async hasMatches(tx, needle, count) {
    if (!hasTerms(needle)) return false;
    const { rows } = await sql<{ count: number }>`select count(*) as count from (
      select 1 from messages where ${contains(sql`content`, needle)} limit ${sql.lit(count)}) as matches`.execute(queriesOf(tx));
    return rows[0]?.count === count;
  },

  // The index is kept by the server.
  countBacklog: async () => 0,
  indexNext: async () => undefined,
};
