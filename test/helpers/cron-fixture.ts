/** A scheduler over a real store, with the clock and the work in the hands of the test. */
import { onTestFinished } from 'vitest';
import type { ClaimedRun } from '../../daemon/worker/cron/claim.js';
import { finishDone } from '../../daemon/worker/cron/finish.js';
import { newRun, type RunChange } from '../../daemon/worker/cron/run-rows.js';
import { parseSchedule } from '../../daemon/worker/cron/schedule.js';
import { Scheduler } from '../../daemon/worker/cron/scheduler.js';
import { insertCronJob } from '../../daemon/worker/store/cron/cron-jobs.js';
import { insertCronRun, listCronRuns } from '../../daemon/worker/store/cron/cron-runs.js';
import type { CronJobRow, CronRunRow } from '../../daemon/worker/store/schema.js';
import type { Store } from '../../daemon/worker/store/store.js';
import { FakeClock } from './fake-clock.js';
import { logMemory } from './log-memory.js';
import { openStore } from './open-store.js';

export interface CronFixture {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly scheduler: Scheduler;
  /** `job` at the scheduled instant, in the order in which they began. */
  readonly began: string[];
  readonly hold: Set<string>;
  /** `job state` of each change, in order. */
  readonly announced: string[];
  /** What chats were told. */
  readonly told: string[];
  addJob(id: string, job: Partial<CronJobRow> & { schedule: string }): Promise<void>;
  /** Lets everything that is due now come to an end. */
  settle(): Promise<void>;
  /** Moves the time on in steps, settling at each. */
  pass(durationMs: number, stepMs: number): Promise<void>;
  trigger(jobId: string): Promise<void>;
  runs(jobId: string): Promise<CronRunRow[]>;
}

const JOB = {
  timezone: 'UTC',
  message: 'x',
  mode: 'direct',
  channel: 'webchat',
  account_id: null,
  chat_id: 'c',
  agent_id: null,
  session: 'isolated',
  model: null,
  overlap: 'skip',
  missed: 'once',
  interrupted: 'leave',
  grace_ms: 600_000,
  timeout_ms: 60_000,
  retries: 0,
  notify_after: 0,
  enabled: 1,
} as const;

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
  async function run({ job, run: claimed }: ClaimedRun, signal: AbortSignal): Promise<void> {
    began.push(`${job.id} ${new Date(claimed.scheduled_at).toISOString()}`);
    if (claimed.scheduled_at > clock.now()) throw new Error('it began too early');
    if (hold.has(job.id)) return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await store.write((tx) => finishDone(tx, claimed, { finished_at: clock.now() }));
  }
  const scheduler = new Scheduler({
    store,
    clock,
    run,
    instanceId,
    announce: (changes: readonly RunChange[]) => announced.push(...changes.map(({ jobId, state }) => `${jobId} ${state}`)),
    announceDeleted: (ids) => announced.push(...ids.map((id) => `${id} deleted`)),
    async tell(_db, _job, text) {
      told.push(text);
      return undefined;
    },
    logger: logMemory(),
    liveInstanceIds: options.liveInstanceIds ?? (() => [instanceId]),
    settings: () => ({ enabled: true, maxConcurrentJobs, historyRetentionDays: 30 }),
  });
  onTestFinished(() => scheduler.close(new Error('the test is over')));
  async function settle(): Promise<void> {
    for (let before = -1; before !== began.length;) {
      before = began.length;
      await scheduler.wake();
    }
  }
  return {
    store,
    clock,
    scheduler,
    began,
    hold,
    announced,
    told,
    settle,
    async addJob(id, job) {
      const anchorMs = clock.now();
      const next = parseSchedule({ schedule: job.schedule, timezone: job.timezone ?? 'UTC', anchorMs }).next(anchorMs);
      await store.write((tx) =>
        insertCronJob(tx, {
          ...JOB,
          id,
          name: id,
          anchor_at: anchorMs,
          next_at: next,
          failures: 0,
          created_at: anchorMs,
          updated_at: anchorMs,
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
        insertCronRun(tx, newRun({ job_id: jobId, trigger: 'manual', scheduled_at: nowMs, due_at: nowMs, state: 'queued' })),
      );
      await settle();
    },
    runs: (jobId) => store.read((tx) => listCronRuns(tx, { jobId, limit: 200 })),
  };
}
