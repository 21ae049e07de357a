/** When all jobs will run: the next hours, job by job. Nothing is made or changed. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../../shared/clock.js';
import { scheduleOf } from '../run-rows.js';
import { listCronJobs } from '../../store/cron/cron-jobs.js';
import type { Store } from '../../store/store.js';
import type { CronPlan } from './cron-contract.js';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;
/** Those that come first. */
const MAX_JOBS = 100;
/** One that comes more often is told as a band. */
const MAX_RUNS = 50;

export async function planJobs({ store, clock }: { store: Store; clock: Clock }, hours = DEFAULT_HOURS): Promise<CronPlan> {
  const fromMs = clock.now();
  const untilMs = fromMs + hours * HOUR_MS;
  const rows = await store.read(listCronJobs);
  const due = rows
    .flatMap((job) => (job.enabled === 1 && job.next_at !== null && job.next_at <= untilMs ? [{ job, nextAt: job.next_at }] : []))
    .toSorted((a, b) => a.nextAt - b.nextAt);
  const jobs: CronPlan['jobs'][number][] = [];
  for (const { job, nextAt } of due.slice(0, MAX_JOBS)) {
    const schedule = scheduleOf(job);
    const runs: string[] = [];
    let at: number | null = Math.max(nextAt, fromMs);
    for (; at !== null && at <= untilMs && runs.length < MAX_RUNS; at = schedule.next(at)) runs.push(new Date(at).toISOString());
    jobs.push({ id: job.id, name: job.name, mode: job.mode, runs, isMore: at !== null && at <= untilMs });
    // Arithmetic of dates takes its time; others are not kept waiting by it.
    await nextTurn();
  }
  return {
    from: new Date(fromMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    jobs,
    jobsLeftOut: Math.max(0, due.length - MAX_JOBS),
  };
}
