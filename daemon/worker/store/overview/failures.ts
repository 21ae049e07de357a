/** Recent failures of turns, scheduled runs and messages. */
import { sql } from 'kysely';
import type { OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** A failure as the API shows it, with its time in epoch milliseconds. */
export type Failure = Omit<OverviewHistory['failures'][number], 'at'> & { readonly atMs: number };

export interface FailureQuery {
  readonly sinceMs: number;
  readonly limit: number;
}

async function failedTurns(tx: Transaction, { sinceMs, limit }: FailureQuery): Promise<Failure[]> {
  const rows = await queriesOf(tx)
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .select(['turns.id', 'turns.state', 'turns.finished_at', 'turns.error_message', 'sessions.key', 'sessions.title'])
    // Literals, because the partial index does not apply to parameters.
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
    session: key,
    job_id: null,
    name: title,
  }));
}

async function failedRuns(tx: Transaction, { sinceMs, limit }: FailureQuery): Promise<Failure[]> {
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
  return rows.map(({ id, state, finished_at: atMs, error, session_key: session, job_id, name }) => ({
    kind: 'run',
    id,
    atMs: atMs ?? 0,
    state,
    error,
    session,
    job_id,
    name,
  }));
}

async function failedMessages(tx: Transaction, { sinceMs, limit }: FailureQuery): Promise<Failure[]> {
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
    session: null,
    job_id: null,
    name: `${channel} ${chatId}`,
  }));
}

/** Returns the newest failures of all kinds. */
export async function listFailures(tx: Transaction, query: FailureQuery): Promise<Failure[]> {
  const all = [...(await failedTurns(tx, query)), ...(await failedRuns(tx, query)), ...(await failedMessages(tx, query))];
  return all.toSorted((a, b) => b.atMs - a.atMs).slice(0, query.limit);
}
