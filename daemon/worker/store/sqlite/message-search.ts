/** Finds messages through the FTS5 table `messages_search`, an index of every three characters that follows the messages in steps. */
import { type RawBuilder, sql } from 'kysely';
import { containing, hasTerms, MARGIN, MAX_MATCHES } from '../conversations/search-terms.js';
import { accessOf, type MessageSearch, queriesOf } from '../transaction.js';

/** Limits how long one step blocks the event loop: a hundred ordinary messages, or one long one. */
const MAX_ROWS = 500;
const MAX_CHARACTERS = 32_768;

/** The newest message of the next step; null when there is none. */
const STEP_END = `(
  select max(seq) from (
    select seq, sum(length(content)) over (order by seq) - length(content) as before from messages
    where seq > (select position from messages_search_position) order by seq limit ${MAX_ROWS}
  ) where before < ${MAX_CHARACTERS}
)`;

const INSERT_STEP = `insert into messages_search (rowid, content) select seq, content from messages
  where seq > (select position from messages_search_position) and seq <= ${STEP_END} order by seq`;

const SET_POSITION = `update messages_search_position set position = coalesce(${STEP_END}, position)`;

const COUNT_BACKLOG = 'select (select max(seq) from messages) - position as messages from messages_search_position';

/** SQLite's `like` ignores case for ASCII only; these spellings cover what people type in other alphabets. */
function spellings(needle: string): string[] {
  const lower = needle.toLowerCase();
  const capitalised = lower.slice(0, 1).toUpperCase() + lower.slice(1);
  // oxlint-disable-next-line no-control-regex -- "all ASCII" is meant
  return /^[\x00-\x7f]*$/.test(needle) ? [needle] : [...new Set([needle, lower, needle.toUpperCase(), capitalised])];
}

function contains(column: RawBuilder<unknown>, needle: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.join(
    spellings(needle).map((spelling) => sql`${column} like ${containing(spelling)} escape '\\'`),
    sql` or `,
  )})`;
}

/** Returns a phrase of FTS5, in which no character is an operator. */
const phrase = (needle: string): string => `"${needle.replaceAll('"', '""')}"`;

/** Selects the matches of the index and of messages that are not indexed yet. */
function indexed(needle: string): RawBuilder<unknown> {
  return sql`select session_id, seq from messages where seq in (
      select rowid from messages_search where messages_search match ${phrase(needle)} order by rowid desc limit ${sql.lit(MAX_MATCHES)}
    ) and parent_seq is null
    union all select session_id, seq from messages
    where seq > (select position from messages_search_position) and parent_seq is null and ${contains(sql`content`, needle)}`;
}

/** Selects matches among the newest messages, for texts too short for the index. */
function unindexed(needle: string): RawBuilder<unknown> {
  return sql`select session_id, seq from messages
    where seq > (select max(seq) from messages) - ${sql.lit(MAX_MATCHES)} and parent_seq is null and ${contains(sql`content`, needle)}`;
}

/** Returns the position of the first match; null for one that only the index finds: it also ignores the case of letters between others. */
function positionIn(column: RawBuilder<unknown>, needle: string): RawBuilder<number | null> {
  const positions = spellings(needle).map((spelling) => sql`nullif(instr(lower(${column}), lower(${spelling})), 0)`);
  return sql<number | null>`coalesce(${sql.join([...positions, sql`null`])})`;
}

export const messageSearch: MessageSearch = {
  contains,
  // Cheaper than `like`.
  holds: (column, part) => sql<boolean>`coalesce(instr(${column}, ${part}), 0) > 0`,
  messagesWith: (needle) => (hasTerms(needle) ? indexed(needle) : unindexed(needle)),
  around: (column, needle) => sql<string>`ifnull(
    substr(${column}, max(1, ${positionIn(column, needle)} - ${sql.lit(MARGIN)}), ${sql.lit(needle.length + 2 * MARGIN)}), ${column})`,

  async hasMatches(tx, needle, count) {
    // Texts with several spellings are found by the index only.
    if (!hasTerms(needle) || spellings(needle).length > 1) return false;
    const { rows } = await sql<{ count: number }>`select count(*) as count from (
      select 1 from messages_search where messages_search match ${phrase(needle)} limit ${sql.lit(count)})`.execute(queriesOf(tx));
    return rows[0]?.count === count;
  },

  async countBacklog(tx) {
    return Math.max(0, (await accessOf(tx).first<{ messages: number | null }>(COUNT_BACKLOG, []))?.messages ?? 0);
  },

  async indexNext(tx) {
    await accessOf(tx).run(INSERT_STEP, []);
    await accessOf(tx).run(SET_POSITION, []);
  },
};
