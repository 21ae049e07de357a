/** Lists sessions by page, filtered: pinned ones first, then newest first. */
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { ListedSession } from '../../../../shared/api/sessions.js';
import { sessionKindOf, SESSION_KINDS, type SessionKind } from '../../../../shared/sessions/kinds.js';
import { plainLine } from '../../../../shared/text/plain-line.js';
import type { Schema, SessionRow } from '../schema.js';
import { accessOf, queriesOf, type Transaction } from '../transaction.js';
import { containsText, walkForText } from './session-search.js';
import { type Session, toSession, toSessionDocument } from './sessions.js';

/** Conditions on sessions; all must hold. */
export interface SessionFilter {
  /** In the title or the messages. */
  readonly text?: string;
  /** Changed at this instant or later. */
  readonly sinceMs?: number;
  /** Changed before. */
  readonly beforeMs?: number;
  /** For each field, one of the wanted values and none of the unwanted ones. A model matches by any part of its name. */
  readonly values?: readonly { readonly field: 'channel' | 'agent' | 'model'; readonly value: string; readonly isNot: boolean }[];
  readonly tags?: readonly { readonly tag: string; readonly isNot: boolean }[];
  readonly states?: readonly { readonly state: 'pinned' | 'unread' | 'answering'; readonly isNot: boolean }[];
  /** Default `no`. */
  readonly archived?: 'no' | 'only' | 'any';
}

/** The position of the last session of a page. */
export type SessionPosition = Pick<Session, 'archived' | 'pinned' | 'updatedAtMs' | 'id'>;

export interface SessionPage extends SessionFilter {
  readonly limit: number;
  readonly before?: SessionPosition;
  /** Lists sessions that were deleted after this time, instead of existing ones. */
  readonly deletedAfterMs?: number;
}

type Condition = RawBuilder<boolean>;

const negate = (condition: Condition, isNot: boolean): Condition => (isNot ? sql<boolean>`not (${condition})` : condition);
const anyOf = (conditions: readonly Condition[]): Condition => sql<boolean>`(${sql.join(conditions, sql` or `)})`;

const running = sql`(select session_id from turns where state = 'running')`;

function isValue(tx: Transaction, { field, value }: { field: 'channel' | 'agent' | 'model'; value: string }): Condition {
  if (field === 'channel') return sql<boolean>`sessions.channel = ${value.toLowerCase()}`;
  if (field === 'agent') return sql<boolean>`sessions.agent_id = ${value}`;
  const spellings = [...new Set([value, value.toLowerCase()])];
  const parts = ['model', 'last_model'].flatMap((column) => spellings.map((one) => accessOf(tx).search.holds(sql.ref(column), one)));
  return anyOf(parts);
}

/** With more sessions than this, a scan in list order finds enough of a tag soon; with fewer, the tag's index is used. */
const COMMON_TAG = 2_000;

async function hasTag(tx: Transaction, tag: string, isNot: boolean): Promise<Condition> {
  const counted = await sql<{ count: number }>`
    select count(*) as count from (select 1 from session_tags where tag = ${tag} limit ${COMMON_TAG}) as tagged`.execute(queriesOf(tx));
  const count = counted.rows[0]?.count ?? 0;
  // No session needs to be read.
  if (count === 0) return isNot ? sql<boolean>`1 = 1` : sql<boolean>`1 = 0`;
  const isCommon = isNot || count >= COMMON_TAG;
  return isCommon
    ? negate(sql<boolean>`exists (select 1 from session_tags where tag = ${tag} and session_id = sessions.id)`, isNot)
    : sql<boolean>`sessions.id in (select session_id from session_tags where tag = ${tag})`;
}

function isState(state: 'pinned' | 'unread' | 'answering', isNot: boolean): Condition {
  if (state === 'answering') return negate(sql<boolean>`sessions.id in ${running}`, isNot);
  return sql<boolean>`${sql.ref(state === 'pinned' ? 'is_pinned' : 'is_unread')} = ${isNot ? 0 : 1}`;
}

async function conditionsOf(tx: Transaction, filter: SessionFilter): Promise<Condition[]> {
  const { text, sinceMs, beforeMs, values = [], tags = [], states = [] } = filter;
  const conditions: Condition[] = [];
  if (sinceMs !== undefined) conditions.push(sql<boolean>`updated_at >= ${sinceMs}`);
  if (beforeMs !== undefined) conditions.push(sql<boolean>`updated_at < ${beforeMs}`);
  for (const field of ['channel', 'agent', 'model'] as const) {
    const wanted = values.filter((one) => one.field === field && !one.isNot);
    if (wanted.length > 0) conditions.push(anyOf(wanted.map((one) => isValue(tx, one))));
  }
  for (const one of values) if (one.isNot) conditions.push(negate(isValue(tx, one), true));
  for (const { state, isNot } of states) conditions.push(isState(state, isNot));
  for (const { tag, isNot } of tags) conditions.push(await hasTag(tx, tag, isNot));
  if (text !== undefined) conditions.push(containsText(tx, text));
  return conditions;
}

function below({ updatedAtMs, id, ...position }: SessionPosition, archived: SessionFilter['archived']): Condition {
  const isArchived = Number(position.archived);
  const inOrder = sql<boolean>`(is_pinned, updated_at, id) < (${Number(position.pinned)}, ${updatedAtMs}, ${id})`;
  if (archived !== 'any') return inOrder;
  return sql<boolean>`(is_archived > ${isArchived} or (is_archived = ${isArchived} and ${inOrder}))`;
}

/** Returns the query of a page: up to `limit` sessions after `before`, archived ones last. */
export async function sessionQuery(tx: Transaction, page: SessionPage): Promise<SelectQueryBuilder<Schema, 'sessions', SessionRow>> {
  const { before, deletedAfterMs, archived = deletedAfterMs === undefined ? 'no' : 'any' } = page;
  let query = queriesOf(tx).selectFrom('sessions').selectAll();
  query = deletedAfterMs === undefined ? query.where('deleted_at', 'is', null) : query.where('deleted_at', '>', deletedAfterMs);
  if (archived !== 'any') query = query.where('is_archived', '=', archived === 'only' ? 1 : 0);
  if (before !== undefined) query = query.where(below(before, archived));
  for (const condition of await conditionsOf(tx, page)) query = query.where(condition);
  return query.orderBy('is_archived').orderBy('is_pinned', 'desc').orderBy('updated_at', 'desc').orderBy('id', 'desc').limit(page.limit);
}

/** Returns up to `limit` sessions of the page, in the order of lists. */
export async function listSessions(tx: Transaction, page: SessionPage): Promise<Session[]> {
  const { text, ...rest } = page;
  const first = async (limit: number): Promise<SessionRow[]> => (await sessionQuery(tx, { ...rest, limit })).execute();
  const near = text === undefined ? undefined : await walkForText(tx, { needle: text, limit: page.limit, first });
  return (near ?? (await (await sessionQuery(tx, page)).execute())).map(toSession);
}

const LAST_TEXT_LENGTH = 400;

const lastSaid = <T>(column: RawBuilder<unknown>): RawBuilder<T> =>
  sql<T>`(select ${column} from messages
    where session_id = sessions.id and parent_seq is null and role in ('user', 'assistant') order by seq desc limit 1)`;

/** Returns a counter of a session; turns from before the counters existed are summed up. */
const total = (column: 'input_tokens' | 'output_tokens' | 'cost_usd'): RawBuilder<number> =>
  sql<number>`coalesce(${sql.ref(`sessions.${column}`)}, (select sum(${sql.ref(column)}) from turns where session_id = sessions.id), 0)`;

/** Returns the first words of a text that may be long and in Markdown, as one line. */
function firstWords(text: string): string {
  return Array.from(plainLine(text)).slice(0, 160).join('');
}

/** Returns the sessions of a page as lists show them. */
export async function readListedSessions(tx: Transaction, sessions: readonly Session[]): Promise<ListedSession[]> {
  if (sessions.length === 0) return [];
  const rows = await queriesOf(tx)
    .selectFrom('sessions')
    .select([
      'id',
      lastSaid<string | null>(sql`substr(content, 1, ${sql.lit(LAST_TEXT_LENGTH)})`).as('text'),
      lastSaid<'user' | 'assistant' | null>(sql`role`).as('role'),
      sql<number>`case when sessions.id in ${running} then 1 else 0 end`.as('is_answering'),
      total('input_tokens').as('inputTokens'),
      total('output_tokens').as('outputTokens'),
      total('cost_usd').as('costUsd'),
    ])
    .where(
      'id',
      'in',
      sessions.map(({ id }) => id),
    )
    .execute();
  const found = new Map(rows.map((row) => [row.id, row]));
  return sessions.map((session) => {
    const {
      text = null,
      role = null,
      is_answering: isAnswering,
      inputTokens = 0,
      outputTokens = 0,
      costUsd = 0,
    } = found.get(session.id) ?? {};
    return {
      ...toSessionDocument(session),
      lastMessage: text === null || role === null ? null : { role, text: firstWords(text) },
      lastModel: session.lastModel,
      answering: isAnswering === 1,
      usage: { inputTokens, outputTokens, costUsd },
    };
  });
}

export interface KindCount {
  readonly kind: SessionKind;
  readonly sessions: number;
  readonly messages: number;
}

/** Counts sessions and messages by kind, without deleted sessions. */
export async function countSessionKinds(tx: Transaction): Promise<KindCount[]> {
  const rows = await queriesOf(tx)
    .selectFrom('sessions')
    .select(({ fn }) => ['channel', fn.countAll<number>().as('sessions'), fn.sum<number>('message_count').as('messages')])
    .where('deleted_at', 'is', null)
    .groupBy('channel')
    .execute();
  const total = (kind: SessionKind, name: 'sessions' | 'messages'): number =>
    rows.filter(({ channel }) => sessionKindOf(channel) === kind).reduce((sum, row) => sum + row[name], 0);
  return SESSION_KINDS.map((kind) => ({ kind, sessions: total(kind, 'sessions'), messages: total(kind, 'messages') }));
}
