/** The service for scheduled jobs: creates, changes, deletes and triggers them. The scheduler decides when they run. */
import { isoTime } from '../../../shared/clock.js';
import type { CronDeletion, CronJobDocument, CronJobInput } from '../../../shared/api/cron.js';
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { ENABLE_JOBS } from '../../../shared/config/defaults.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import type { AccessToken } from '../access/access-tokens.js';
import { mayHaveRun } from '../access/allowed.js';
import { type CallerKey, inOrder, keyUse, once } from '../store/idempotency.js';
import {
  countCronJobs,
  type CronJob,
  findCronJob,
  findDeletedCronJob,
  insertCronJob,
  markCronJobDeleted,
  updateCronJob,
} from '../store/cron/cron-jobs.js';
import { findCronRun, insertCronRun, listUnfinishedRuns, type NewCronRun } from '../store/cron/cron-runs.js';
import { listCronRuns } from '../store/cron/run-history.js';
import type { Transaction } from '../store/transaction.js';
import { MAX_QUEUED_PER_JOB } from './claim.js';
import { dropRun } from './finish.js';
import { jobEvent, jobNotFound, toJobDocument, withDeliveries } from './job-document.js';
import { failuresAfter, firesAlike, JobPlanner, type JobPlannerOptions } from './job-planner.js';
import { createJobReading, type JobReadingOptions } from './job-reading.js';
import { CRON_UNDO_MS, nextAttempt } from './policy.js';
import { scheduleOf } from './schedule.js';

export interface CronServiceOptions extends JobPlannerOptions, JobReadingOptions {
  readonly publish: (event: GatewayEvent) => void;
  /** Called after jobs or runs have changed. */
  readonly wakeScheduler: () => void;
}

type Announce = (caller: CallerKey | undefined, isRepeated: boolean, event?: GatewayEvent) => void;

export type CronService = ReturnType<typeof createCronService>;

const MAX_JOBS = 10_000;

function conflict(message: string, jobId: string, hint?: string): GatewayError {
  return new GatewayError('CONFLICT', { message, details: { job_id: jobId }, ...(hint === undefined ? {} : { hint }) });
}

/** Returns the error for scheduling a job while `cron.enabled` is false, because it would not run. */
export function jobsDisabled(): GatewayError {
  return new GatewayError('CONFLICT', {
    message: sayOfAnswer('jobs-disabled'),
    hint: ENABLE_JOBS,
  });
}

async function loadJob(tx: Transaction, id: string): Promise<CronJob> {
  return (await findCronJob(tx, id)) ?? throwNotFound(id);
}

function throwNotFound(id: string): never {
  throw jobNotFound(id);
}

async function documentOf(tx: Transaction, job: CronJob): Promise<CronJobDocument> {
  const [last] = await withDeliveries(tx, await listCronRuns(tx, { jobId: job.id, limit: 1 }));
  return toJobDocument(job, last);
}

/** Skips queued runs of a schedule that was changed or disabled. Runs in a transaction. Returns the ids of these runs. */
async function skipQueued(tx: Transaction, { before, after }: { before: CronJob; after: CronJob }, nowMs: number): Promise<string[]> {
  if (firesAlike(before, after) && after.enabled) return [];
  const error = sayOfAnswer(after.enabled ? 'run-schedule-changed' : 'run-job-disabled');
  const skipped: string[] = [];
  for (const run of await listUnfinishedRuns(tx, [before.id])) {
    if (run.state !== 'queued' || run.trigger !== 'schedule') continue;
    if (await dropRun(tx, run, { state: 'skipped', error, nowMs })) skipped.push(run.id);
  }
  return skipped;
}

interface Trigger {
  /** The run whose occurrence is retried. */
  readonly runId?: string | undefined;
  /** The access token that makes the request and is charged. */
  readonly access?: AccessToken | undefined;
  readonly caller?: CallerKey | undefined;
}

interface TriggeredRun {
  readonly jobId: string;
  readonly runId: string | undefined;
  readonly access: AccessToken | undefined;
  readonly nowMs: number;
}

async function manualRun(tx: Transaction, { jobId, runId, access, nowMs }: TriggeredRun): Promise<NewCronRun> {
  const tokenId = access?.id ?? null;
  if (runId === undefined)
    return { id: newId('run'), jobId, trigger: 'manual', scheduledAtMs: nowMs, dueAtMs: nowMs, state: 'queued', tokenId };
  const run = await findCronRun(tx, { jobId, runId });
  if (run === undefined)
    throw new GatewayError('NOT_FOUND', { message: `the job has no run '${runId.slice(0, 80)}'`, details: { job_id: jobId } });
  if (run.finishedAtMs === null) throw conflict('this run has not ended', jobId);
  if (run.state === 'done')
    throw conflict(
      'this run has succeeded',
      jobId,
      'Run the job again without naming a run. To send its message again: xopc messages retry ID',
    );
  return { ...nextAttempt(run, nowMs), trigger: 'manual', tokenId };
}

/** Runs in a transaction. Returns the id of the new run. */
async function queueRun(tx: Transaction, triggered: TriggeredRun): Promise<string> {
  const { jobId, access } = triggered;
  mayHaveRun(access, await loadJob(tx, jobId));
  if ((await listUnfinishedRuns(tx, [jobId])).length >= MAX_QUEUED_PER_JOB)
    throw conflict(sayOfAnswer('run-queue-of-job', { count: MAX_QUEUED_PER_JOB }), jobId);
  const run = await manualRun(tx, triggered);
  if (!(await insertCronRun(tx, run))) throw conflict('this run was already retried', jobId, 'See the newest run of the job.');
  return run.id;
}

export function createCronService(options: CronServiceOptions) {
  const announce: Announce = (caller, isRepeated, event) => {
    if (isRepeated) caller?.onReplay?.();
    else if (event !== undefined) options.publish(event);
    options.wakeScheduler();
  };
  return {
    ...createJobReading(options),
    ...createChanges(options, announce),
    ...createRemoval(options, announce),
    ...createTrigger(options, announce),
  };
}

/** A caller's idempotency key, and the complete request. */
interface Caller {
  readonly access: AccessToken | undefined;
  readonly key?: CallerKey | undefined;
  readonly asked?: readonly unknown[];
}

/** Nothing runs that could not run before. */
const isDisabling = (input: CronJobInput): boolean => input.enabled === false && Object.keys(input).length === 1;

function createChanges(options: CronServiceOptions, announce: Announce) {
  const { store, clock, publish } = options;
  const planner = new JobPlanner(options);

  async function change(id: string, decide: (before: CronJob) => CronJobInput, caller: Caller): Promise<CronJobDocument> {
    const nowMs = clock.now();
    const { document, skipped, isRepeated } = await store.write(async (tx) => {
      let runs: string[] = [];
      const act = async (): Promise<string> => {
        const before = await loadJob(tx, id);
        const input = decide(before);
        const planned = planner.plan(input, before);
        if (!isDisabling(input)) mayHaveRun(caller.access, planned);
        await updateCronJob(tx, id, { ...planned, failures: failuresAfter(before, planned) });
        runs = await skipQueued(tx, { before, after: await loadJob(tx, id) }, nowMs);
        return id;
      };
      const done = await once(tx, { use: keyUse('cron/toggle', caller.key, caller.asked ?? []), nowMs, act });
      return { ...done, document: await documentOf(tx, await loadJob(tx, id)), skipped: runs };
    });
    announce(caller.key, isRepeated, jobEvent(id, 'updated'));
    for (const runId of skipped) publish(jobEvent(id, 'run', { runId, state: 'skipped' }));
    return document;
  }

  return {
    /**
     * Creates a job; a repeated key returns the first one.
     * @param access  the access token of the request
     * @throws INVALID_REQUEST that names the field; CHANNEL_NOT_FOUND; MODEL_NOT_FOUND; CONFLICT; FORBIDDEN for actions that the
     * token itself may not perform
     */
    async create(input: CronJobInput, caller?: CallerKey, access?: AccessToken): Promise<CronJobDocument> {
      const id = newId('job');
      const nowMs = clock.now();
      const { job, isRepeated } = await store.write(async (tx) => {
        const act = async (): Promise<string> => {
          if ((await countCronJobs(tx)) >= MAX_JOBS)
            throw new GatewayError('CONFLICT', { message: `there are ${MAX_JOBS} scheduled jobs`, hint: 'Delete some.' });
          const planned = planner.plan(input, undefined);
          mayHaveRun(access, planned);
          await insertCronJob(tx, { ...planned, id, createdAtMs: nowMs });
          return id;
        };
        const done = await once(tx, { use: keyUse('cron', caller, inOrder(input)), nowMs, act });
        return { job: await loadJob(tx, done.result), ...done };
      });
      announce(caller, isRepeated, jobEvent(id, 'created'));
      return toJobDocument(job, undefined);
    },

    /** Changes a job; a new schedule counts from now. @throws JOB_NOT_FOUND; as `create` */
    update: (id: string, input: CronJobInput, access?: AccessToken): Promise<CronJobDocument> => change(id, () => input, { access }),

    /** Enables or disables a job; by default toggles it. @throws JOB_NOT_FOUND; FORBIDDEN */
    toggle: (id: string, enabled?: boolean, { caller: key, access }: Pick<Trigger, 'caller' | 'access'> = {}): Promise<CronJobDocument> =>
      change(id, (before) => ({ enabled: enabled ?? !before.enabled }), {
        access,
        key,
        asked: enabled === undefined ? [id] : [id, enabled],
      }),
  };
}

function createRemoval({ store, clock }: CronServiceOptions, announce: Announce) {
  return {
    /** Deletes a job and ends its runs. It can be restored for seven days. @throws JOB_NOT_FOUND */
    async delete(id: string): Promise<CronDeletion> {
      const nowMs = clock.now();
      const job = await store.write(async (tx) => {
        const found = await loadJob(tx, id);
        // Queued runs never start; the scheduler stops running ones because their rows have ended.
        for (const run of await listUnfinishedRuns(tx, [id]))
          await dropRun(tx, run, { state: 'skipped', error: sayOfAnswer('run-job-deleted'), nowMs });
        await markCronJobDeleted(tx, id, nowMs);
        return documentOf(tx, found);
      });
      announce(undefined, false, jobEvent(id, 'deleted'));
      return { job, restorableUntil: isoTime(nowMs + CRON_UNDO_MS) };
    },

    /** Restores a deleted job with its history. @throws JOB_NOT_FOUND; FORBIDDEN; CONFLICT when the job is not deleted */
    async restore(id: string, access?: AccessToken): Promise<CronJobDocument> {
      const nowMs = clock.now();
      const job = await store.write(async (tx) => {
        if ((await findCronJob(tx, id)) !== undefined) throw conflict(`the scheduled job '${id}' is not deleted`, id);
        const deleted = (await findDeletedCronJob(tx, { id, afterMs: nowMs - CRON_UNDO_MS })) ?? throwNotFound(id);
        mayHaveRun(access, deleted);
        // Occurrences missed in the meantime are not run later.
        await updateCronJob(tx, id, { nextAtMs: scheduleOf(deleted).next(nowMs), updatedAtMs: nowMs, deletedAtMs: null });
        return documentOf(tx, await loadJob(tx, id));
      });
      announce(undefined, false, jobEvent(id, 'created'));
      return job;
    },
  };
}

function createTrigger({ store, clock, config }: CronServiceOptions, announce: Announce) {
  return {
    /**
     * Queues a run of a job, enabled or not, behind its other runs. With `runId`, retries the occurrence of that run.
     * @throws JOB_NOT_FOUND; NOT_FOUND for the run; FORBIDDEN; CONFLICT when jobs are disabled or the run cannot be retried
     */
    async trigger(jobId: string, { runId, access, caller }: Trigger = {}): Promise<{ runId: string }> {
      const nowMs = clock.now();
      if (!config().cron.enabled) throw jobsDisabled();
      const use = keyUse('cron/trigger', caller, [jobId, runId]);
      const run = { jobId, runId, access, nowMs };
      const { result, isRepeated } = await store.write((tx) => once(tx, { use, nowMs, act: () => queueRun(tx, run) }));
      announce(caller, isRepeated);
      return { runId: result };
    },
  };
}
