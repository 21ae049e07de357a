/** What went wrong lately, each kind newest first: for people who look at the whole. */
import { sql } from 'kysely';
import { decodeText } from '../sqlite/text.js';
import { queriesOf, type Transaction } from '../transaction.js';

export interface FailureRow {
  readonly kind: 'turn' | 'run' | 'message';
  readonly id: string;
  readonly atMs: number;
  readonly state: string;
  readonly error: string | null;
  /** Of a turn, and of a run that had one. */
  readonly sessionKey: string | null;
  readonly jobId: string | null;
  /** The job's name, or the chat. */
  readonly name: string | null;
}

export interface FailureQuery {
  readonly sinceMs: number;
  readonly limit: number;
}

async function failedTurns(tx: Transaction, { sinceMs, limit }: FailureQuery): Promise<FailureRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .select(['turns.id', 'turns.state', 'turns.finished_at', 'turns.error_message', 'sessions.key', 'sessions.title'])
    // Written out, because the partial index is of no use to parameters.
    .where(sql<boolean>`turns.state in ('error', 'interrupted')`)
    .where('turns.finished_at', '>=', sinceMs)
    .orderBy('turns.finished_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id, state, finished_at: atMs, error_message: error, key, title }) => ({
    kind: 'turn',
    id,
    atMs: atMs ?? 0,
    state,
    error,
    sessionKey: key,
    jobId: null,
    name: title === null ? null : decodeText(title),
  }));
}

async function failedRuns(tx: Transaction, { sinceMs, limit }: FailureQuery): Promise<FailureRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .innerJoin('cron_jobs', 'cron_jobs.id', 'cron_runs.job_id')
    .select([
      'cron_runs.id',
      'cron_runs.state',
      'cron_runs.finished_at',
      'cron_runs.error',
      'cron_runs.session_key',
      'cron_runs.job_id',
      'cron_jobs.name',
    ])
    .where('cron_runs.finished_at', '>=', sinceMs)
    .where('cron_jobs.deleted_at', 'is', null)
    .where('cron_runs.state', 'in', ['failed', 'interrupted', 'missed'])
    .orderBy('cron_runs.finished_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id, state, finished_at: atMs, error, session_key: sessionKey, job_id: jobId, name }) => ({
    kind: 'run',
    id,
    atMs: atMs ?? 0,
    state,
    error: error === null ? null : decodeText(error),
    sessionKey,
    jobId,
    name: decodeText(name),
  }));
}

async function failedMessages(tx: Transaction, { sinceMs, limit }: FailureQuery): Promise<FailureRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('outbox_messages')
    .select(['id', 'state', 'channel', 'chat_id', 'last_error', 'updated_at'])
    .where('state', 'in', ['dead', 'unknown'])
    .where('updated_at', '>=', sinceMs)
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id, state, channel, chat_id: chatId, last_error: error, updated_at: atMs }) => ({
    kind: 'message',
    id,
    atMs,
    state,
    error,
    sessionKey: null,
    jobId: null,
    name: `${channel} ${chatId}`,
  }));
}

/** The newest of all kinds. */
export async function listFailures(tx: Transaction, query: FailureQuery): Promise<FailureRow[]> {
  const all = [...(await failedTurns(tx, query)), ...(await failedRuns(tx, query)), ...(await failedMessages(tx, query))];
  return all.toSorted((a, b) => b.atMs - a.atMs).slice(0, query.limit);
}
