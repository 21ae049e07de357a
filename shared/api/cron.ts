/** `/api/cron`. The names `chat_id` and `job_id` are part of the published API. */
import * as z from 'zod';
import { DAY_MS } from '../clock.js';
import { OUTGOING_STATUSES } from '../delivery-status.js';
import { chatId, label, okStatus, queryFlag, queryInteger, queryList, text, type Answer, whyFields, instant } from './fields.js';

const timeOfDay = () => z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:00');

const activeHours = () =>
  z.strictObject({
    from: timeOfDay(),
    /** On the next day, if it is not after `from`. */
    to: timeOfDay(),
    /** The days on which the hours begin: 1 Monday to 7 Sunday. Default: every day. */
    days: z
      .array(z.int().min(1).max(7))
      .min(1)
      .max(7)
      .refine((days) => days.every((day, index) => index === 0 || day > (days[index - 1] ?? 0)), {
        error: 'must be in order, each once',
      })
      .optional(),
  });

/** Fields set by callers. */
const jobFields = () => ({
  /** Default: the first line of the message. */
  name: label(200),
  /** Five or six cron fields, `every 10m`, `at 2026-03-01T09:00`. */
  schedule: label(200),
  message: text(),
  /** `direct` (default): the message is sent to the chat. `agent`: an agent answers it, and the reply is sent there. */
  mode: z.enum(['direct', 'agent']),
  channel: label(64).nullable(),
  chat_id: chatId().nullable(),
  accountId: label(64).nullable(),
  agentId: label(64).nullable(),
  /** Where an agent's turn runs. `main`: in the chat's session; `isolated` (default): in the job's own session with an empty context. */
  session: z.enum(['main', 'isolated']),
  /** IANA name or `system`. Default: `cron.defaultTimezone`. */
  timezone: label(64),
  /** When it may fire, in its time zone: occurrences outside are skipped. Null (default): at any time. */
  activeHours: activeHours().nullable(),
  model: label(200).nullable(),
  /** Limit on what its turns may spend on models per day (UTC), in US dollars. Null (default): `cron.jobDailyUsd`. */
  dailyUsd: z.number().min(0).max(1_000_000).nullable(),
  /** Default true. */
  enabled: z.boolean(),
  /** What to do when the previous run has not ended. Default `skip`. */
  overlap: z.enum(['skip', 'queue', 'replace']),
  /**
   * What to do about occurrences missed while the gateway was down. `once` (default): the last one runs if it is within the grace period.
   */
  missed: z.enum(['once', 'skip']),
  /** What to do when a shutdown interrupted an agent's turn. Default `leave`. */
  interrupted: z.enum(['leave', 'again']),
  /** How late an occurrence may run. Default: half the interval, between 2 minutes and 2 hours; a day for `at`. */
  graceMs: z
    .int()
    .min(0)
    .max(31 * DAY_MS),
  /** Default 10 minutes. */
  timeoutMs: z.int().min(1_000).max(DAY_MS),
  /** Retries of a failed run, after 30 s, 1, 5, 15 and 60 minutes. Default 3. */
  retries: z.int().min(0).max(20),
  /** Consecutive failures after which a chat is notified; 0: never. Default 3. */
  notifyAfter: z.int().min(0).max(1_000),
  /** Where failures are reported. Default: the job's own chat. */
  alertChannel: label(64).nullable(),
  alertChatId: chatId().nullable(),
  alertAccountId: label(64).nullable(),
});

/** Null stands for the default of a field; schedule and message have none. */
const jobInput = () => {
  const fields = jobFields();
  return z
    .strictObject({
      ...fields,
      name: fields.name.nullable(),
      mode: fields.mode.nullable(),
      session: fields.session.nullable(),
      timezone: fields.timezone.nullable(),
      enabled: fields.enabled.nullable(),
      overlap: fields.overlap.nullable(),
      missed: fields.missed.nullable(),
      interrupted: fields.interrupted.nullable(),
      graceMs: fields.graceMs.nullable(),
      timeoutMs: fields.timeoutMs.nullable(),
      retries: fields.retries.nullable(),
      notifyAfter: fields.notifyAfter.nullable(),
    })
    .partial();
};

/** Body of `POST /api/cron/create`; omitted fields get their defaults. */
export const cronCreateRequest = () => jobInput().required({ schedule: true, message: true });
/** Body of `PATCH /api/cron/:id`; omitted fields are unchanged. */
export const cronPatchRequest = jobInput;
/** Body of `POST /api/cron/:id/toggle`. Without `enabled`, the state is toggled. */
export const cronToggleRequest = () => z.strictObject({ enabled: z.boolean().optional() });
/** Body of `POST /api/cron/trigger`. */
export const cronTriggerRequest = () => z.strictObject({ job_id: label(128), run_id: label(128).optional() });
/** Query of `GET /api/cron/plan`. */
export const cronPlanQuery = () => z.strictObject({ hours: queryInteger(1, 168).optional() });
/** Query of `GET /api/cron`. */
export const cronListQuery = () =>
  z.strictObject({
    /** Additional parts of the list, separated by commas. */
    include: queryList(['runs', 'next', 'words']).optional(),
    /** Lists the jobs that were deleted in the last seven days instead. */
    deleted: queryFlag().optional(),
  });
/**
 * Query of `GET /api/cron/preview`. With `job_id`, the schedule, its time zone and its active hours default to those of the job,
 * and occurrences are counted as for the job: an interval from its start, and from its next run.
 */
export const cronPreviewQuery = () =>
  z
    .strictObject({
      schedule: label(200).optional(),
      timezone: label(64).optional(),
      job_id: label(128).optional(),
      count: queryInteger(1, 100).optional(),
      /** Active hours: `08:00-22:00`, or `none`. */
      active: label(20).optional(),
      /** Their days: `mon-fri`, `sat,sun`. Without `active`, whole days. */
      days: label(60).optional(),
    })
    .refine(({ schedule, job_id: jobId }) => schedule !== undefined || jobId !== undefined, {
      path: ['schedule'],
      error: "'schedule' or 'job_id' is required",
    });
/** Query of `GET /api/cron/:id/runs`. */
export const cronRunsQuery = () =>
  z.strictObject({ limit: queryInteger(1, 200).optional(), cursor: label(1_024).optional(), failed: queryFlag().optional() });
/** The path parameter `:id` of a job. */
export const cronJobId = () => label(128);

const words = () => z.strictObject({ en: z.string(), zh: z.string() });

const runState = () => z.enum(['queued', 'running', 'done', 'failed', 'interrupted', 'replaced', 'skipped', 'missed']);

/**
 * The outcome of a run's message. A run may end before its message is delivered. `status` is null once the message has been purged;
 * `error` is the last one of a message that is not delivered.
 */
const runDelivery = () =>
  z.strictObject({ message_id: z.string(), status: z.enum(OUTGOING_STATUSES).nullable(), error: z.string().nullable(), ...whyFields() });

/** A job: the fields set by callers, and derived fields. */
export const cronJobDocument = () =>
  z.strictObject({
    id: z.string(),
    ...jobFields(),
    /** Failed attempts since the last success. */
    failures: z.int().min(0),
    nextRunAt: instant().nullable(),
    lastRun: z
      .strictObject({
        id: z.string(),
        state: runState(),
        startedAt: instant().nullable(),
        finishedAt: instant().nullable(),
        session: z.string().nullable(),
        /** Null if it sent no message. */
        delivery: runDelivery().nullable(),
      })
      .nullable(),
    createdAt: instant(),
    updatedAt: instant(),
    /** The schedule in words; with `include=words`. */
    words: words().optional(),
  });

/** One attempt at one occurrence. */
export const cronRunDocument = () =>
  z.strictObject({
    id: z.string(),
    scheduledAt: instant(),
    trigger: z.enum(['schedule', 'manual']),
    attempt: z.int().min(1),
    state: runState(),
    startedAt: instant().nullable(),
    finishedAt: instant().nullable(),
    /** The run does not start before this time. */
    dueAt: instant(),
    latenessMs: z.int().nullable(),
    durationMs: z.int().nullable(),
    /** Earlier missed occurrences that this run replaces. */
    missedBefore: z.int().min(0),
    model: z.string().nullable(),
    inputTokens: z.int().nullable(),
    outputTokens: z.int().nullable(),
    /** Null if `models.json` has no price for the model. */
    costUsd: z.number().nullable(),
    output: z.string().nullable(),
    /** Set if the agent had nothing to report, so that nothing was sent: its reason, which may be empty. */
    nothingToReport: z.string().nullable(),
    /** Key of the session in which an agent answered; the conversation can continue there. */
    session: z.string().nullable(),
    error: z.string().nullable(),
    ...whyFields(),
    /** Null if it sent no message. */
    delivery: runDelivery().nullable(),
  });

/** A run as shown in lists of jobs. */
const recentRun = () => cronRunDocument().pick({ id: true, scheduledAt: true, state: true, durationMs: true, delivery: true });

export const listedCronJob = () =>
  cronJobDocument().extend({
    /** With `include=runs`, of the first 200 jobs: the last 20 runs, newest first. */
    runs: z.array(recentRun()).optional(),
    /** With `deleted=true`: until when the job can be restored. */
    restorableUntil: instant().optional(),
  });

/** Why no job runs: `cron.enabled` is false. Absent while jobs run. */
const disabledWarning = () => z.string().optional();

export const cronJobResponse = () => z.strictObject({ status: okStatus(), job: cronJobDocument(), warning: disabledWarning() });
export const cronTriggerResponse = () => z.strictObject({ status: okStatus(), message: z.literal('Task triggered'), run_id: z.string() });
export const cronDeleteResponse = () => z.strictObject({ status: okStatus(), job: cronJobDocument(), restorableUntil: z.iso.datetime() });
export const cronRunsResponse = () =>
  z.strictObject({ status: okStatus(), runs: z.array(cronRunDocument()), nextCursor: z.string().nullable() });
const cronPlan = () =>
  z.strictObject({
    from: instant(),
    until: instant(),
    /** Next to run first, at most 100; jobs that do not run are not listed. */
    jobs: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        mode: z.enum(['direct', 'agent']),
        /** At most 50. */
        runs: z.array(instant()),
        /** Whether more runs follow within the time span. */
        isMore: z.boolean(),
      }),
    ),
    jobsLeftOut: z.int().min(0),
  });

export const cronPlanResponse = () => cronPlan().extend({ status: okStatus() });

/** `plan`, with `include=next`: when each job runs in the next 24 hours. */
export const cronListResponse = () =>
  z.strictObject({ status: okStatus(), jobs: z.array(listedCronJob()), plan: cronPlan().optional(), warning: disabledWarning() });

export const cronPreviewResponse = () =>
  z.strictObject({
    status: okStatus(),
    schedule: z.string(),
    timezone: z.string(),
    words: words(),
    /** Why there is no next run, in English; `warningCode` is the machine-readable form. */
    warning: z.string().nullable(),
    warningCode: z.enum(['in-the-past', 'never-fires', 'never-active']).nullable(),
    runs: z.array(z.strictObject({ at: instant(), local: z.string(), note: z.enum(['gap', 'repeated', 'repeated-again']).nullable() })),
  });

/** Fields of a job that callers may set; all optional. */
export type CronJobInput = z.output<ReturnType<typeof cronPatchRequest>>;
export type ListedCronJob = z.output<ReturnType<typeof listedCronJob>>;
export type CronJobList = Answer<typeof cronListResponse>;
export type RecentCronRun = z.output<ReturnType<typeof recentRun>>;
export type CronJobDocument = z.output<ReturnType<typeof cronJobDocument>>;
export type CronRunDocument = z.output<ReturnType<typeof cronRunDocument>>;
export type CronRunDelivery = z.output<ReturnType<typeof runDelivery>>;
export type CronRunState = CronRunDocument['state'];
export type CronDeletion = Answer<typeof cronDeleteResponse>;
export type CronJobAnswer = Answer<typeof cronJobResponse>;
export type CronRunPage = Answer<typeof cronRunsResponse>;
export type CronRunsQuery = z.output<ReturnType<typeof cronRunsQuery>>;
export type CronPlan = Answer<typeof cronPlanResponse>;
export type CronPreview = Answer<typeof cronPreviewResponse>;
export type CronListQuery = z.output<ReturnType<typeof cronListQuery>>;
export type CronPreviewQuery = z.output<ReturnType<typeof cronPreviewQuery>>;
