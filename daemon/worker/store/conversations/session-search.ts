/** Finds sessions by their titles and messages. */
import { sql, type RawBuilder } from 'kysely';
import type { SessionRow } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The length of the index's terms: shorter texts cannot be looked up. */
const TRIGRAM_LENGTH = 3;

/** Returns a `like` pattern for texts that contain `needle`. */
function containing(needle: string): string {
  return `%${needle.replace(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** SQLite's `like` ignores case for ASCII only; these spellings cover what people type in other alphabets. */
function spellings(needle: string): string[] {
  const lower = needle.toLowerCase();
  const capitalised = lower.slice(0, 1).toUpperCase() + lower.slice(1);
  // oxlint-disable-next-line no-control-regex -- "all ASCII" is meant
  return /^[\x00-\x7f]*$/.test(needle) ? [needle] : [...new Set([needle, lower, needle.toUpperCase(), capitalised])];
}

function anyLike(column: RawBuilder<unknown>, needle: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.join(
    spellings(needle).map((spelling) => sql`${column} like ${containing(spelling)} escape '\\'`),
    sql` or `,
  )})`;
}

/** Returns a phrase of FTS5, in which no character is an operator. */
const phrase = (needle: string): string => `"${needle.replaceAll('"', '""')}"`;

/** Bounds a search for a text in nearly every message: only the newest matches are used. */
const MAX_MATCHES = 50_000;

/** Selects the matches of the index and of messages that are not indexed yet. */
function indexed(needle: string): RawBuilder<unknown> {
  return sql`select session_id from messages where seq in (
      select rowid from messages_search where messages_search match ${phrase(needle)} order by rowid desc limit ${sql.lit(MAX_MATCHES)}
    ) and parent_seq is null
    union all select session_id from messages
    where seq > (select position from messages_search_position) and parent_seq is null and ${anyLike(sql`content`, needle)}`;
}

/** Selects matches among the newest messages, for texts too short for the index. */
function unindexed(needle: string): RawBuilder<unknown> {
  return sql`select session_id from messages
    where seq > (select max(seq) from messages) - ${sql.lit(MAX_MATCHES)} and parent_seq is null and ${anyLike(sql`content`, needle)}`;
}

/** Returns a condition on `sessions`: the title or a message contains the text, in any case. */
export function containsText(needle: string): RawBuilder<boolean> {
  const inMessages = Array.from(needle).length >= TRIGRAM_LENGTH ? indexed(needle) : unindexed(needle);
  // One list for both, so that sessions are looked up in it instead of comparing each title.
  return sql<boolean>`sessions.id in (select id from sessions where ${anyLike(sql`title`, needle)} union all ${inMessages})`;
}

/** A text with this many matches is common: a scan finds it soon. */
const COMMON_MATCHES = 2_000;
/** Limits of the scan: sessions, and messages in them. */
const WALKED_SESSIONS = 500;
const WALKED_MESSAGES = 20_000;

/** Returns whether a text is so common that a scan of a few sessions is faster than the list of all matches. */
async function isCommon(tx: Transaction, needle: string): Promise<boolean> {
  // Texts with several spellings are found by the index only.
  if (Array.from(needle).length < TRIGRAM_LENGTH || spellings(needle).length > 1) return false;
  const { rows } = await sql<{ count: number }>`select count(*) as count from (
    select 1 from messages_search where messages_search match ${phrase(needle)} limit ${sql.lit(COMMON_MATCHES)})`.execute(queriesOf(tx));
  return rows[0]?.count === COMMON_MATCHES;
}

/**
 * Scans the sessions of a list from its beginning for a common text, because a list of all matches would take long.
 * @param search.first  reads that many sessions of the list without the condition on the text
 * @returns up to `limit` sessions; undefined when a scan does not find enough of them
 */
export async function walkForText(
  tx: Transaction,
  search: { needle: string; limit: number; first(count: number): Promise<SessionRow[]> },
): Promise<SessionRow[] | undefined> {
  const { needle, limit } = search;
  if (!(await isCommon(tx, needle))) return undefined;
  let messages = 0;
  const sessions = await search.first(WALKED_SESSIONS);
  const near = sessions.filter(({ message_count: count }) => (messages += count) <= WALKED_MESSAGES);
  if (near.length === 0) return undefined;
  const { rows } = await sql<{ id: number }>`select id from sessions
    where id in (${sql.join(near.map(({ id }) => id))}) and (${anyLike(sql`title`, needle)} or exists (
      select 1 from messages where session_id = sessions.id and parent_seq is null and ${anyLike(sql`content`, needle)}
    ))`.execute(queriesOf(tx));
  const found = new Set(rows.map(({ id }) => id));
  const page = near.filter(({ id }) => found.has(id)).slice(0, limit);
  return page.length === limit || (sessions.length === near.length && sessions.length < WALKED_SESSIONS) ? page : undefined;
}
