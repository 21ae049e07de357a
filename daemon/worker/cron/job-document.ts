/** Jobs and runs in the form of the API. */
import type { CronJobDocument, CronRunDocument } from '../../../shared/api/cron.js';
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { GatewayError } from '../../../shared/errors.js';
import type { CronJob } from '../store/cron/cron-jobs.js';
import type { CronRun } from '../store/cron/cron-runs.js';

const isoTime = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

export function toJobDocument(job: CronJob, last: CronRun | undefined): CronJobDocument {
  const { anchorMs: _anchorMs, nextAtMs, createdAtMs, updatedAtMs, deletedAtMs: _deletedAtMs, ...settings } = job;
  return {
    ...settings,
    nextRunAt: job.enabled ? isoOrNull(nextAtMs) : null,
    lastRun:
      last === undefined
        ? null
        : {
            id: last.id,
            state: last.state,
            startedAt: isoOrNull(last.startedAtMs),
            finishedAt: isoOrNull(last.finishedAtMs),
            session: last.sessionKey,
          },
    createdAt: isoTime(createdAtMs),
    updatedAt: isoTime(updatedAtMs),
  };
}

export function toRunDocument(run: CronRun, deliveryStatus: string | null): CronRunDocument {
  const { seq: _seq, jobId: _jobId, occurrence: _occurrence, instanceId: _instanceId, ...rest } = run;
  const { scheduledAtMs, dueAtMs, startedAtMs, finishedAtMs, messageId, sessionKey, ...fields } = rest;
  return {
    ...fields,
    scheduledAt: isoTime(scheduledAtMs),
    dueAt: isoTime(dueAtMs),
    startedAt: isoOrNull(startedAtMs),
    finishedAt: isoOrNull(finishedAtMs),
    latenessMs: startedAtMs === null ? null : startedAtMs - scheduledAtMs,
    durationMs: startedAtMs === null || finishedAtMs === null ? null : finishedAtMs - startedAtMs,
    session: sessionKey,
    delivery: messageId === null ? null : { message_id: messageId, status: deliveryStatus },
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
