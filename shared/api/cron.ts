/** `/api/cron`. `chat_id` and `job_id` are names that documents fixed. */
import { z } from 'zod';
import { label, okStatus, queryFlag, queryInteger, text } from './fields.js';

const DAY_MS = 86_400_000;

const jobFields = () => ({
  name: label(200),
  schedule: label(200),
  message: text(),
  mode: z.enum(['direct', 'agent']),
  channel: label(64).nullable(),
  chat_id: label(256).nullable(),
  accountId: label(64).nullable(),
  agentId: label(64).nullable(),
  session: z.enum(['main', 'isolated']),
  timezone: label(64),
  model: label(200).nullable(),
  enabled: z.boolean(),
  overlap: z.enum(['skip', 'queue', 'replace']),
  missed: z.enum(['once', 'skip']),
  interrupted: z.enum(['leave', 'again']),
  graceMs: z
    .int()
    .min(0)
    .max(31 * DAY_MS),
  timeoutMs: z.int().min(1_000).max(DAY_MS),
  retries: z.int().min(0).max(20),
  notifyAfter: z.int().min(0).max(1_000),
  alertChannel: label(64).nullable(),
  alertChatId: label(256).nullable(),
  alertAccountId: label(64).nullable(),
});

/** Body of `POST /api/cron/create`. */
export const cronCreateRequest = () => z.strictObject(jobFields()).partial().required({ schedule: true, message: true });
/** Body of `PATCH /api/cron/:id`; what is not given stays. */
export const cronPatchRequest = () => z.strictObject(jobFields()).partial();
/** Body of `POST /api/cron/trigger`. */
export const cronTriggerRequest = () => z.strictObject({ job_id: label(128), run_id: label(128).optional() });
/** Query of `GET /api/cron/plan`. */
export const cronPlanQuery = () => z.strictObject({ hours: queryInteger(1, 168).optional() });
/** Query of `GET /api/cron/preview`. */
export const cronPreviewQuery = () =>
  z.strictObject({ schedule: label(200), timezone: label(64).optional(), count: queryInteger(1, 100).optional() });
/** Query of `GET /api/cron/:id/runs`. */
export const cronRunsQuery = () =>
  z.strictObject({ limit: queryInteger(1, 200).optional(), cursor: label(1_024).optional(), failed: queryFlag().optional() });
/** `:id` of a job's path. */
export const cronJobId = () => label(128);

const instant = () => z.iso.datetime();

const runState = () => z.enum(['queued', 'running', 'done', 'failed', 'interrupted', 'replaced', 'skipped', 'missed']);

export const cronJobDocument = () =>
  z.strictObject({
    id: z.string(),
    ...jobFields(),
    failures: z.int().min(0),
    nextRunAt: instant().nullable(),
    lastRun: z
      .strictObject({
        id: z.string(),
        state: runState(),
        startedAt: instant().nullable(),
        finishedAt: instant().nullable(),
        session: z.string().nullable(),
      })
      .nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  });

const words = () => z.strictObject({ en: z.string(), zh: z.string() });

export const cronRunDocument = () =>
  z.strictObject({
    id: z.string(),
    scheduledAt: instant(),
    trigger: z.enum(['schedule', 'manual']),
    attempt: z.int().min(1),
    state: runState(),
    startedAt: instant().nullable(),
    finishedAt: instant().nullable(),
    dueAt: instant(),
    latenessMs: z.int().nullable(),
    durationMs: z.int().nullable(),
    missedBefore: z.int().min(0),
    model: z.string().nullable(),
    inputTokens: z.int().nullable(),
    outputTokens: z.int().nullable(),
    costUsd: z.number().nullable(),
    output: z.string().nullable(),
    session: z.string().nullable(),
    error: z.string().nullable(),
    delivery: z.strictObject({ message_id: z.string(), status: z.string().nullable() }).nullable(),
  });

export const cronListResponse = () => z.strictObject({ status: okStatus(), jobs: z.array(cronJobDocument()) });
export const cronJobResponse = () => z.strictObject({ status: okStatus(), job: cronJobDocument() });
export const cronTriggerResponse = () => z.strictObject({ status: okStatus(), message: z.literal('Task triggered'), run_id: z.string() });
export const cronDeleteResponse = () => z.strictObject({ status: okStatus(), job: cronJobDocument(), restorableUntil: z.iso.datetime() });
export const cronRunsResponse = () =>
  z.strictObject({ status: okStatus(), runs: z.array(cronRunDocument()), nextCursor: z.string().nullable() });
export const cronPlanResponse = () =>
  z.strictObject({
    status: okStatus(),
    from: instant(),
    until: instant(),
    jobs: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        mode: z.enum(['direct', 'agent']),
        runs: z.array(instant()),
        /** It goes on like this. */
        isMore: z.boolean(),
      }),
    ),
    jobsLeftOut: z.int().min(0),
  });
export const cronPreviewResponse = () =>
  z.strictObject({
    status: okStatus(),
    schedule: z.string(),
    timezone: z.string(),
    words: words(),
    warning: z.string().nullable(),
    runs: z.array(z.strictObject({ at: instant(), local: z.string(), note: z.enum(['gap', 'repeated', 'repeated-again']).nullable() })),
  });
