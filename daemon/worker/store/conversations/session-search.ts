/** Finds sessions by what is in them. */
import { sql, type RawBuilder } from 'kysely';
import type { SessionRow } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** What the index is made of: shorter texts are not in it. */
const TRIGRAM_LENGTH = 3;

/** A `like` pattern for texts that contain `needle`. */
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

/** A phrase of FTS5, in which nothing has a meaning of its own. */
const phrase = (needle: string): string => `"${needle.replaceAll('"', '""')}"`;

/** Bounds a search for what nearly every message contains: of those that do, the newest are looked at. */
const MAX_MATCHES = 50_000;

/** What the index has, and what it does not have yet. */
function indexed(needle: string): RawBuilder<unknown> {
  return sql`select session_id from messages where seq in (
      select rowid from messages_search where messages_search match ${phrase(needle)} order by rowid desc limit ${sql.lit(MAX_MATCHES)}
    ) and parent_seq is null
    union all select session_id from messages
    where seq > (select position from messages_search_position) and parent_seq is null and ${anyLike(sql`content`, needle)}`;
}

/** Texts too short for the index are looked for in the newest messages. */
function unindexed(needle: string): RawBuilder<unknown> {
  return sql`select session_id from messages
    where seq > (select max(seq) from messages) - ${sql.lit(MAX_MATCHES)} and parent_seq is null and ${anyLike(sql`content`, needle)}`;
}

/** A condition on rows of `sessions`: title or messages contain the text, in any case of its letters. */
export function containsText(needle: string): RawBuilder<boolean> {
  const inMessages = Array.from(needle).length >= TRIGRAM_LENGTH ? indexed(needle) : unindexed(needle);
  // One list, so that each session is looked up in it instead of having its title compared, newest first.
  return sql<boolean>`sessions.id in (select id from sessions where ${anyLike(sql`title`, needle)} union all ${inMessages})`;
}

/** A text with so many matches is met soon wherever one looks. */
const COMMON_MATCHES = 2_000;
/** So many sessions of the list are looked through, and so many messages in them. */
const WALKED_SESSIONS = 500;
const WALKED_MESSAGES = 20_000;

/** Whether a text is in so many messages that those of a few sessions tell more than a list of all. */
async function isCommon(tx: Transaction, needle: string): Promise<boolean> {
  // What has several spellings is found by the index only.
  if (Array.from(needle).length < TRIGRAM_LENGTH || spellings(needle).length > 1) return false;
  const { rows } = await sql<{ count: number }>`select count(*) as count from (
    select 1 from messages_search where messages_search match ${phrase(needle)} limit ${sql.lit(COMMON_MATCHES)})`.execute(queriesOf(tx));
  return rows[0]?.count === COMMON_MATCHES;
}

/**
 * Looks for a common text in the sessions of a list, from its beginning: to list all that have it would take long.
 * @param search.first  reads that many sessions of the list, as it is without the text
 * @returns up to `limit` of them; undefined where it is not to be met soon
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
