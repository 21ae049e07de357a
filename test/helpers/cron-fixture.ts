/** A scheduler over a real store, with the clock and the work in the hands of the test. */
import { onTestFinished } from 'vitest';
import type { ClaimedRun } from '../../daemon/worker/cron/claim.js';
import { finishDone, type RunChange } from '../../daemon/worker/cron/finish.js';
import { parseSchedule } from '../../daemon/worker/cron/schedule.js';
import { Scheduler } from '../../daemon/worker/cron/scheduler.js';
import { insertCronJob, type CronJob } from '../../daemon/worker/store/cron/cron-jobs.js';
import { type CronRun, insertCronRun, type NewCronRun } from '../../daemon/worker/store/cron/cron-runs.js';
import { listCronRuns } from '../../daemon/worker/store/cron/run-history.js';
import type { Store } from '../../daemon/worker/store/store.js';
import { JOB_DEFAULTS } from '../../shared/cron-job.js';
import { newId } from '../../shared/ids.js';
import { FakeClock } from './fake-clock.js';
import { logMemory } from './log-memory.js';
import { openStore } from './open-store.js';
import { createLiveness } from '../../daemon/worker/store/liveness.js';

export interface CronFixture {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly scheduler: Scheduler;
  start(): Promise<void>;
  /** `job` at the scheduled instant, in the order in which they began. */
  readonly began: string[];
  readonly hold: Set<string>;
  /** `job state` of each change, in order. */
  readonly announced: string[];
  /** What chats were told. */
  readonly told: string[];
  addJob(id: string, job: Partial<CronJob> & { schedule: string }): Promise<void>;
  /** Lets everything that is due now come to an end. */
  settle(): Promise<void>;
  /** Moves the time on in steps, settling at each. */
  pass(durationMs: number, stepMs: number): Promise<void>;
  trigger(jobId: string): Promise<void>;
  runs(jobId: string): Promise<CronRun[]>;
}

const JOB = {
  ...JOB_DEFAULTS,
  timezone: 'UTC',
  message: 'x',
  channel: 'webchat',
  chat_id: 'c',
  isChatIdNumber: false,
  isAlertChatIdNumber: false,
  graceMs: 600_000,
  timeoutMs: 60_000,
  retries: 0,
  notifyAfter: 0,
};

/** A run to store with an id of its own. */
export function newRun(run: Omit<NewCronRun, 'id'>): NewCronRun {
  return { ...run, id: newId('run') };
}

export async function makeCron(
  options: {
    nowMs?: number;
    clock?: FakeClock;
    store?: Store;
    instanceId?: string;
    maxConcurrentJobs?: number;
    liveInstanceIds?: () => string[];
  } = {},
): Promise<CronFixture> {
  const store = options.store ?? (await openStore());
  const clock = options.clock ?? new FakeClock(options.nowMs);
  const { instanceId = 'wk_1', maxConcurrentJobs = 5 } = options;
  const began: string[] = [];
  const hold = new Set<string>();
  const announced: string[] = [];
  const told: string[] = [];
  /** The last end of a run that is being stored; those before it are stored by then. */
  let ending: Promise<unknown> = Promise.resolve();
  async function run({ job, run: claimed }: ClaimedRun, signal: AbortSignal): Promise<void> {
    began.push(`${job.id} ${new Date(claimed.scheduledAtMs).toISOString()}`);
    if (claimed.scheduledAtMs > clock.now()) throw new Error('it began too early');
    if (hold.has(job.id)) return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    ending = store.write((tx) => finishDone(tx, claimed, { finishedAtMs: clock.now() }));
    await ending;
  }
  const scheduler = new Scheduler({
    store,
    clock,
    instanceId,
    announce: (changes: readonly RunChange[]) => announced.push(...changes.map(({ jobId, state }) => `${jobId} ${state}`)),
    chats: {
      canRun: () => true,
      async alert(_tx, _job, { text }) {
        told.push(text);
        return undefined;
      },
    },
    logger: logMemory(),
    liveness: createLiveness(instanceId, options.liveInstanceIds ?? (() => [instanceId])),
    settings: () => ({ enabled: true, maxConcurrentJobs }),
  });
  onTestFinished(() => scheduler.close(new Error('the test is over')));
  async function settle(): Promise<void> {
    for (let before = -1; before !== began.length;) {
      before = began.length;
      await scheduler.wake();
      await ending;
    }
  }
  return {
    store,
    clock,
    scheduler,
    start: () => scheduler.start(run),
    began,
    hold,
    announced,
    told,
    settle,
    async addJob(id, job) {
      const anchorMs = clock.now();
      const { schedule, timezone = 'UTC', activeHours = null } = job;
      const next = parseSchedule({ schedule, timezone, anchorMs, activeHours }).next(anchorMs);
      await store.write((tx) =>
        insertCronJob(tx, {
          ...JOB,
          id,
          name: id,
          anchorMs,
          nextAtMs: next,
          createdAtMs: anchorMs,
          updatedAtMs: anchorMs,
          ...job,
        }),
      );
      await scheduler.wake();
    },
    async pass(durationMs, stepMs) {
      for (let passed = 0; passed < durationMs; passed += stepMs) {
        clock.advance(stepMs);
        await settle();
      }
    },
    trigger: async (jobId) => {
      const nowMs = clock.now();
      await store.write((tx) =>
        insertCronRun(tx, newRun({ jobId, trigger: 'manual', scheduledAtMs: nowMs, dueAtMs: nowMs, state: 'queued' })),
      );
      await settle();
    },
    runs: (jobId) => store.read((tx) => listCronRuns(tx, { jobId, limit: 200 })),
  };
}
