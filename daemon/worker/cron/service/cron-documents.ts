/** Scheduled jobs and their runs as callers see them. */
import { GatewayError } from '../../../../shared/errors.js';
import type { CronJobRow, CronRunRow } from '../../store/schema.js';
import type { GatewayEvent } from '../../contracts.js';
import type { CronJobDocument, CronRunDocument } from './cron-contract.js';

const isoTime = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

export function toJobDocument(row: CronJobRow, last: CronRunRow | undefined): CronJobDocument {
  const { id, name, schedule, timezone, message, mode, channel, session, model, overlap, missed, interrupted, retries, failures } = row;
  return {
    id,
    name,
    schedule,
    timezone,
    message,
    mode,
    channel,
    session,
    model,
    overlap,
    missed,
    interrupted,
    retries,
    failures,
    chat_id: row.chat_id,
    accountId: row.account_id,
    agentId: row.agent_id,
    enabled: row.enabled === 1,
    graceMs: row.grace_ms,
    timeoutMs: row.timeout_ms,
    notifyAfter: row.notify_after,
    alertChannel: row.alert_channel,
    alertChatId: row.alert_chat_id,
    alertAccountId: row.alert_account_id,
    nextRunAt: row.enabled === 1 ? isoOrNull(row.next_at) : null,
    lastRun:
      last === undefined
        ? null
        : {
            id: last.id,
            state: last.state,
            startedAt: isoOrNull(last.started_at),
            finishedAt: isoOrNull(last.finished_at),
            session: last.session_key,
          },
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
  };
}

export function toRunDocument(row: CronRunRow, deliveryStatus: string | null): CronRunDocument {
  const { id, trigger, attempt, state, model, output, error, started_at: startedAt, finished_at: finishedAt } = row;
  return {
    id,
    trigger,
    attempt,
    state,
    model,
    output,
    error,
    scheduledAt: isoTime(row.scheduled_at),
    dueAt: isoTime(row.due_at),
    startedAt: isoOrNull(startedAt),
    finishedAt: isoOrNull(finishedAt),
    latenessMs: startedAt === null ? null : startedAt - row.scheduled_at,
    durationMs: startedAt === null || finishedAt === null ? null : finishedAt - startedAt,
    missedBefore: row.missed_before,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    costUsd: row.cost_usd,
    session: row.session_key,
    delivery: row.message_id === null ? null : { message_id: row.message_id, status: deliveryStatus },
  };
}

export function jobNotFound(id: string): GatewayError {
  return new GatewayError('JOB_NOT_FOUND', {
    message: `there is no scheduled job '${id.slice(0, 80)}'`,
    details: { job_id: id },
    hint: 'GET /api/cron lists them.',
  });
}

export function jobEvent(id: string, change: 'created' | 'updated' | 'deleted'): GatewayEvent {
  return { type: 'cron', job_id: id, change, run_id: null, state: null };
}
