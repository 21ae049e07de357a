/** Reads scheduled jobs for callers: lists, runs, and when jobs will run. */
import { reason } from '../../../shared/text/reasons.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  CronJobDocument,
  CronListQuery,
  CronPlan,
  CronPreview,
  CronPreviewQuery,
  CronRunPage,
  CronRunsQuery,
  ListedCronJob,
  RecentCronRun,
} from '../../../shared/api/cron.js';
import { definedFields } from '../../../shared/fields.js';
import { createSerial, type Serial } from '../../../shared/serial.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { type ActiveHours, readActiveHours } from '../../../shared/text/active-hours.js';
import { HOUR_MS, isoTime } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { parseSessionKey } from '../sessions/session-key.js';
import { type CronJob, findCronJob, listCronJobs, listCronJobsOfChat, listDeletedCronJobs } from '../store/cron/cron-jobs.js';
import { listCronRuns, listLastRuns, listRecentRuns, type RecentRun } from '../store/cron/run-history.js';
import type { Lane } from '../store/delivery/outbox.js';
import { invalidCursor, pageOf } from '../store/pages.js';
import type { Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { jobNotFound, toJobDocument, toRecentRun, toRunDocument, withDeliveries } from './job-document.js';
import { firesAlike, invalidField } from './job-planner.js';
import { CRON_UNDO_MS } from './policy.js';
import { type CronWords, previewSchedule, wordsOf } from './preview.js';
import { nextOf, scheduleOf, timesFrom } from './schedule.js';
import { resolveTimeZone } from './time-zone.js';

export interface JobReadingOptions extends Deps<'store' | 'clock' | 'config'> {
  readonly channels: ChannelRegistry;
  readonly loadWords: () => CronWords;
}

const DEFAULT_LIMIT = 50;
const MAX_JOBS_OF_CHAT = 200;
const MAX_JOBS_WITH_RUNS = 200;
const RECENT_RUNS = 20;
const PLAN = { hours: 24, maxJobs: 100, maxRuns: 50 } as const;

/** Returns the last runs of these jobs, by job. */
async function readRecentRuns(tx: Transaction, jobs: readonly CronJob[]): Promise<ReadonlyMap<string, RecentCronRun[]>> {
  const read: RecentRun[] = [];
  for (const { id } of jobs) read.push(...(await listRecentRuns(tx, { jobId: id, limit: RECENT_RUNS })));
  const found = new Map<string, RecentCronRun[]>(jobs.map(({ id }) => [id, []]));
  for (const run of await withDeliveries(tx, read)) found.get(run.jobId)?.push(toRecentRun(run));
  return found;
}

/** @param afterMs  lists the jobs deleted after this time instead */
async function listJobs(
  tx: Transaction,
  { hasRuns, afterMs }: { hasRuns: boolean; afterMs: number | undefined },
): Promise<ListedCronJob[]> {
  const last = new Map((await withDeliveries(tx, await listLastRuns(tx))).map((run) => [run.jobId, run]));
  const jobs = await (afterMs === undefined ? listCronJobs(tx) : listDeletedCronJobs(tx, afterMs));
  const recent = await readRecentRuns(tx, hasRuns ? jobs.slice(0, MAX_JOBS_WITH_RUNS) : []);
  return jobs.map((job) => {
    const runs = recent.get(job.id);
    const restorableUntil = job.deletedAtMs === null ? undefined : isoTime(job.deletedAtMs + CRON_UNDO_MS);
    return { ...toJobDocument(job, last.get(job.id)), ...definedFields({ runs, restorableUntil }) };
  });
}

async function addWords(jobs: readonly ListedCronJob[], loadWords: () => CronWords): Promise<ListedCronJob[]> {
  const keyOf = ({ schedule, activeHours }: ListedCronJob): string => JSON.stringify([schedule, activeHours]);
  const words = new Map<string, CronPreview['words']>();
  for (const [key, job] of new Map(jobs.map((one) => [keyOf(one), one]))) {
    words.set(key, wordsOf(job, loadWords));
    // Thousands of schedules take a while, so other work may run between two.
    await nextTurn();
  }
  return jobs.map((job) => ({ ...job, words: words.get(keyOf(job)) }));
}

/** Reads the hours of a query; `none` means no active hours. @throws INVALID_REQUEST */
function activeHoursOf(active: string | undefined, days: string | undefined): ActiveHours | null {
  if (active === 'none') return null;
  const hours = readActiveHours(active, days);
  if (hours === undefined) throw invalidField('active', reason('invalid-active-hours'));
  return hours;
}

/** Returns the ids by which jobs may name a chat: a page chat of the default agent also has the last part of its session key. */
function chatIdsOf(config: Config, { channel, chatId }: Pick<Lane, 'channel' | 'chatId'>): string[] {
  const session = channel === 'webchat' ? parseSessionKey(chatId) : undefined;
  return session?.agentId === config.agents.default ? [chatId, session.peerId] : [chatId];
}

export function createJobReading({ store, clock, channels, config, loadWords }: JobReadingOptions) {
  /** Only one date calculation at a time: the steps of several would run back to back and block other work. */
  const inTurn = createSerial();
  return {
    /** Returns why no job runs; undefined: jobs run. */
    warning: (): string | undefined => (config().cron.enabled ? undefined : sayOfAnswer('jobs-disabled')),

    /** Returns all jobs, or those that can be restored. Runs are added to the first 200. */
    async list({ include = [], deleted = false }: CronListQuery = {}): Promise<ListedCronJob[]> {
      const afterMs = deleted ? clock.now() - CRON_UNDO_MS : undefined;
      const jobs = await store.read((tx) => listJobs(tx, { hasRuns: include.includes('runs'), afterMs }));
      return include.includes('words') ? inTurn(() => addWords(jobs, loadWords)) : jobs;
    },

    /** Returns the jobs of a chat that will fire, next first; at most 200. */
    async listOfChat({ channel, accountId, chatId }: Lane): Promise<CronJobDocument[]> {
      const chatIds = chatIdsOf(config(), { channel, chatId });
      const isDefaultAccount = channels.defaultAccount(channel) === accountId;
      const query = { channel, accountId, isDefaultAccount, chatIds, limit: MAX_JOBS_OF_CHAT };
      const jobs = await store.read((tx) => listCronJobsOfChat(tx, query));
      return jobs.map((job) => toJobDocument(job, undefined));
    },

    /** Returns runs of a job, newest first; 50 by default. @throws JOB_NOT_FOUND; INVALID_REQUEST for an invalid cursor */
    async runs(id: string, { limit = DEFAULT_LIMIT, cursor, failed = false }: CronRunsQuery): Promise<CronRunPage> {
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw invalidCursor(cursor);
      return store.read(async (tx) => {
        if ((await findCronJob(tx, id)) === undefined) throw jobNotFound(id);
        const found = await listCronRuns(tx, {
          jobId: id,
          limit: limit + 1,
          failed,
          ...(cursor === undefined ? {} : { beforeSeq: Number(cursor) }),
        });
        const { page, nextCursor } = pageOf(found, limit, ({ seq }) => String(seq));
        return { runs: (await withDeliveries(tx, page)).map(toRunDocument), nextCursor };
      });
    },

    /** Returns when all jobs run in the next hours, 24 by default. */
    async plan(hours: number = PLAN.hours): Promise<CronPlan> {
      const fromMs = clock.now();
      const untilMs = fromMs + hours * HOUR_MS;
      const due = (await store.read(listCronJobs))
        .filter(({ enabled }) => enabled)
        .map((job) => ({ ...job, nextAtMs: nextOf(job) ?? Infinity }))
        .filter(({ nextAtMs }) => nextAtMs <= untilMs)
        .toSorted((a, b) => a.nextAtMs - b.nextAtMs);
      const jobs = await inTurn(async () => {
        const planned: CronPlan['jobs'] = [];
        for (const job of due.slice(0, PLAN.maxJobs)) planned.push(await planOf(job, { fromMs, untilMs }));
        return planned;
      });
      const [from, until] = [isoTime(fromMs), isoTime(untilMs)];
      return { from, until, jobs, jobsLeftOut: Math.max(0, due.length - PLAN.maxJobs) };
    },

    preview: createPreview({ store, clock, config, loadWords }, inTurn),
  };
}

async function planOf(job: CronJob & { nextAtMs: number }, { fromMs, untilMs }: { fromMs: number; untilMs: number }) {
  const { id, name, mode, nextAtMs } = job;
  const times: number[] = [];
  for await (const atMs of timesFrom(scheduleOf(job), { afterMs: fromMs, firstMs: Math.max(nextAtMs, fromMs), untilMs })) {
    times.push(atMs);
    if (times.length > PLAN.maxRuns) break;
  }
  // Lets other work run between two jobs.
  await nextTurn();
  return { id, name, mode, runs: times.slice(0, PLAN.maxRuns).map((atMs) => isoTime(atMs)), isMore: times.length > PLAN.maxRuns };
}

function createPreview({ store, clock, config, loadWords }: Omit<JobReadingOptions, 'channels'>, inTurn: Serial) {
  /**
   * Returns a schedule in words, and its next `count` times, 5 by default. The schedule of a job is counted as the job counts it.
   * @throws INVALID_REQUEST that names the field; JOB_NOT_FOUND
   */
  return async ({ job_id: jobId, count = 5, active, days, ...asked }: CronPreviewQuery): Promise<CronPreview> => {
    const nowMs = clock.now();
    const job = jobId === undefined ? undefined : await store.read((tx) => findCronJob(tx, jobId));
    if (jobId !== undefined && job === undefined) throw jobNotFound(jobId);
    const { schedule = job?.schedule ?? '', timezone = job?.timezone ?? config().cron.defaultTimezone } = asked;
    const activeHours = active === undefined && days === undefined ? (job?.activeHours ?? null) : activeHoursOf(active, days);
    const isOfJob = job !== undefined && schedule === job.schedule && resolveTimeZone(timezone) === job.timezone;
    const isAlike = isOfJob && firesAlike(job, { ...job, activeHours });
    const firstMs = isAlike && job.enabled ? (nextOf(job) ?? undefined) : undefined;
    const anchorMs = isOfJob ? job.anchorMs : nowMs;
    const source = { schedule, timezone, anchorMs, activeHours };
    return { schedule, ...(await inTurn(() => previewSchedule(source, { nowMs, count, loadWords, firstMs }))) };
  };
}
