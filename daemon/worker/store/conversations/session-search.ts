/** Finds sessions by their titles and messages. */
import { sql, type RawBuilder } from 'kysely';
import type { SessionRow } from '../schema.js';
import { accessOf, queriesOf, type Transaction } from '../transaction.js';
import type { Session } from './sessions.js';

/** See `MessageSearch`. */
export const countSearchBacklog = (tx: Transaction): Promise<number> => accessOf(tx).search.countBacklog(tx);
/** See `MessageSearch`. */
export const indexNextMessages = (tx: Transaction): Promise<void> => accessOf(tx).search.indexNext(tx);

/** Returns a condition on `sessions`: the title or a message contains the text, in any case. */
export function containsText(tx: Transaction, needle: string): RawBuilder<boolean> {
  const { contains, messagesWith } = accessOf(tx).search;
  // One list for both, so that sessions are looked up in it instead of comparing each title.
  return sql<boolean>`sessions.id in (
    select id from sessions where ${contains(sql`title`, needle)} union all select session_id from (${messagesWith(needle)}) as found
  )`;
}

/** A text with this many matches is common, so a scan finds it soon. */
const COMMON_MATCHES = 2_000;
/** Limits of the scan: sessions, and messages in them. */
const WALKED_SESSIONS = 500;
const WALKED_MESSAGES = 20_000;

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
  const { contains, hasMatches } = accessOf(tx).search;
  if (!(await hasMatches(tx, needle, COMMON_MATCHES))) return undefined;
  let messages = 0;
  const sessions = await search.first(WALKED_SESSIONS);
  const near = sessions.filter(({ message_count: count }) => (messages += count) <= WALKED_MESSAGES);
  if (near.length === 0) return undefined;
  const { rows } = await sql<{ id: number }>`select id from sessions
    where id in (${sql.join(near.map(({ id }) => id))}) and (${contains(sql`title`, needle)} or exists (
      select 1 from messages where session_id = sessions.id and parent_seq is null and ${contains(sql`content`, needle)}
    ))`.execute(queriesOf(tx));
  const found = new Set(rows.map(({ id }) => id));
  const page = near.filter(({ id }) => found.has(id)).slice(0, limit);
  return page.length === limit || (sessions.length === near.length && sessions.length < WALKED_SESSIONS) ? page : undefined;
}

/** A message with the text of a search, and its text around that. */
export interface FoundMessage {
  readonly sessionId: number;
  readonly id: string;
  readonly excerpt: string;
}

/** Returns for sessions of a list their newest messages with the text. A session has none if only its title has the text. */
export async function findNewestMatches(
  tx: Transaction,
  { needle, sessions }: { needle: string; sessions: readonly Pick<Session, 'id' | 'messageCount'>[] },
): Promise<FoundMessage[]> {
  const { contains, around, messagesWith, hasMatches } = accessOf(tx).search;
  const db = queriesOf(tx);
  const isCommon = await hasMatches(tx, needle, COMMON_MATCHES);
  let messages = 0;
  // Uses the same sessions as `walkForText`, so that its matches are found here too.
  const walked = sessions.filter(({ messageCount }) => isCommon && (messages += messageCount) <= WALKED_MESSAGES);
  const others = sessions.filter((session) => !walked.includes(session));
  const newest = sql`(select seq from messages
    where session_id = sessions.id and parent_seq is null and ${contains(sql`content`, needle)} order by seq desc limit 1)`;
  const seqs: RawBuilder<unknown>[] = [];
  if (walked.length > 0) seqs.push(sql`select ${newest} from sessions where id in (${sql.join(walked.map(({ id }) => id))})`);
  if (others.length > 0)
    seqs.push(
      sql`select max(seq) from (${messagesWith(needle)}) as found where session_id in (${sql.join(others.map(({ id }) => id))}) group by session_id`,
    );
  if (seqs.length === 0) return [];
  const { rows } = await sql<FoundMessage>`select session_id as "sessionId", id, ${around(sql`content`, needle)} as excerpt
    from messages where seq in (${sql.join(seqs, sql` union all `)})`.execute(db);
  return rows;
}
