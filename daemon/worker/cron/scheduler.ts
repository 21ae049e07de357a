/** The scheduler: one timer for all jobs, in the one active worker. Each time, it reads the due jobs from the store. */
import { hasCronJobPlannedAfter, readNextCronInstant } from '../store/cron/cron-jobs.js';
import { listUnfinishedRuns, readLastClaimed, readNextDueRun } from '../store/cron/cron-runs.js';
import { claimDue, type ClaimedRun, listDue, rewind, startDue } from './claim.js';
import { isTurn } from './policy.js';
import { interruptOrphans, listOrphans, type RunChange, type RunOwners } from './finish.js';
import type { JobChats } from './job-chat.js';
import { NOT_PLANNED } from '../store/cron/tables.js';
import type { Transaction } from '../store/transaction.js';
import { WorkLoop } from '../store/tasks/work-loop.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface SchedulerOptions extends Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness'> {
  readonly settings: () => { readonly enabled: boolean; readonly maxConcurrentJobs: number };
  readonly chats: Pick<JobChats, 'alert' | 'canRun'>;
  /** Called once changes are on disk. The end of a run is announced by whoever runs it. */
  readonly announce: (changes: readonly RunChange[]) => void;
}

/** Runs a claimed run and stores its outcome. */
export type RunJob = (claimed: ClaimedRun, signal: AbortSignal) => Promise<void>;

/** This worker's attempt at a run. */
interface Running {
  readonly claimed: ClaimedRun;
  readonly stop: AbortController;
  finished: Promise<void>;
}

type Look = Omit<RunOwners, 'ownRunIds'> & { readonly nowMs: number };

/** Notices sleep and clock jumps, and keeps timers below 32 bits. */
const MAX_WAIT_MS = 60_000;
/** Polling interval while another worker is alive, which ends its runs and accepts jobs without waking this one. */
const OVERLAP_LOOK_MS = 1_000;
/** Delay between the starts of turns that became due while the gateway was down. */
const CATCH_UP_STAGGER_MS = 1_000;
/** Smaller steps count as clock synchronization. */
const JUMP_MS = 2_000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #loop: WorkLoop;
  /** A run that has waited for a person may continue before its last attempt has finished cleaning up. */
  readonly #running = new Set<Running>();
  #run: RunJob = () => Promise.resolve();
  #isCatchingUp = true;
  /** Delay of the next turn's start while one pass leaves more to claim. */
  #delayMs = 0;
  /** Undefined until the first pass. */
  #lastNowMs: number | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      ...options,
      problem: 'scheduled jobs are waiting for the store',
      look: () => this.#look(),
      listen: (wake) => options.liveness.onChange('cron', wake),
    });
  }

  /** Starts claiming occurrences; `run` runs them. */
  start(run: RunJob): Promise<void> {
    this.#run = run;
    return this.#loop.start();
  }

  /** Stops claiming; running jobs continue. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Stops running jobs and waits for them. */
  async close(reason: Error): Promise<void> {
    await this.stop();
    for (const { stop } of this.#running) stop.abort(reason);
    await this.idle();
  }

  /** Resolves when no job runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running].map(({ finished }) => finished));
  }

  /** Looks for work at once, because jobs or runs have changed. Resolves when the pass is done. Never rejects. */
  wake(): Promise<void> {
    return this.#loop.wake();
  }

  /** Claims and starts what is due. Returns the time until the next pass in ms; undefined when nothing is planned. */
  async #look(): Promise<number | undefined> {
    const { store, clock, instanceId, liveness } = this.#options;
    const look = { instanceId, liveness, nowMs: clock.now() };
    const { nowMs } = look;
    const wasSetBack = await this.#wasSetBack(nowMs);
    if (wasSetBack || (await store.read((tx) => this.#hasWork(tx, look)))) {
      await this.#claim({ ...look, wasSetBack });
    } else this.#isCatchingUp = false;
    this.#lastNowMs = nowMs;
    return this.#waitMs(nowMs, liveness.lookAgainMs(OVERLAP_LOOK_MS));
  }

  /** Before the first pass, stored times show whether the clock was set back: normally none of them is in the future. */
  async #wasSetBack(nowMs: number): Promise<boolean> {
    if (this.#lastNowMs !== undefined) return nowMs < this.#lastNowMs - JUMP_MS;
    const { store } = this.#options;
    if (((await store.read(readLastClaimed)) ?? 0) > nowMs + JUMP_MS) return true;
    return store.read((tx) => hasCronJobPlannedAfter(tx, nowMs + JUMP_MS));
  }

  /** Until when occurrences are due. While no job runs, jobs are planned all the same, because lists show their times. */
  #dueMs({ nowMs }: Pick<Look, 'nowMs'>): number {
    return this.#options.settings().enabled ? nowMs : NOT_PLANNED;
  }

  get #freeTurns(): number {
    const turns = [...this.#running].filter(({ claimed: { job, run } }) => isTurn(job, run)).length;
    return this.#options.settings().maxConcurrentJobs - turns;
  }

  get #ownRunIds(): ReadonlySet<string> {
    return new Set([...this.#running].map(({ claimed }) => claimed.run.id));
  }

  async #hasWork(tx: Transaction, look: Look): Promise<boolean> {
    const isEnabled = this.#options.settings().enabled;
    // Checks the most likely reason first, because each check is a query.
    const nextMs = await readNextCronInstant(tx);
    if (nextMs !== undefined && nextMs <= this.#dueMs(look)) return true;
    if ((await listOrphans(tx, { ...look, ownRunIds: this.#ownRunIds })).length > 0) return true;
    if (!isEnabled) return false;
    const { due, late } = await listDue(tx, { ...look, turns: this.#freeTurns, chats: this.#options.chats });
    return due.length > 0 || late.length > 0;
  }

  async #claim(look: Look & { readonly wasSetBack: boolean }): Promise<void> {
    const { store, chats } = this.#options;
    const { nowMs, wasSetBack } = look;
    const { changes, claimed, isMore, isLeft, delayMs } = await store.write(async (tx) => {
      const ended = await interruptOrphans(tx, { ...look, ownRunIds: this.#ownRunIds, chats });
      if (wasSetBack) await rewind(tx, nowMs);
      const staggerMs = this.#isCatchingUp ? CATCH_UP_STAGGER_MS : 0;
      const due = await claimDue(tx, { nowMs, dueMs: this.#dueMs(look), staggerMs, delayMs: this.#delayMs });
      if (!this.#options.settings().enabled) return { ...due, isLeft: false, changes: [...ended, ...due.changes], claimed: [] };
      const started = await startDue(tx, { ...look, turns: this.#freeTurns, chats });
      // What has waited too long was in the way of other runs.
      const isLeft = started.changes.length > 0;
      return { ...due, isLeft, changes: [...ended, ...due.changes, ...started.changes], claimed: started.claimed };
    });
    this.#delayMs = isMore ? delayMs : 0;
    if (isMore || isLeft) void this.wake();
    if (!isMore) this.#isCatchingUp = false;
    for (const one of claimed) this.#start(one);
    this.#options.announce([...changes, ...claimed.map(({ run }) => ({ jobId: run.jobId, runId: run.id, state: 'running' as const }))]);
  }

  async #waitMs(nowMs: number, lookMs: number | undefined): Promise<number | undefined> {
    const { store, settings, clock } = this.#options;
    await this.#stopEnded();
    const instants = lookMs === undefined ? [] : [nowMs + lookMs];
    if (settings().enabled) {
      // A run that waits for a free slot is started when a run ends.
      for (const atMs of [await store.read((tx) => readNextDueRun(tx, nowMs)), await store.read(readNextCronInstant)])
        if (atMs !== undefined) instants.push(atMs);
    }
    if (instants.length === 0) return undefined;
    return Math.min(MAX_WAIT_MS, Math.max(0, Math.min(...instants) - clock.now()));
  }

  /** Stops runs whose rows have ended or no longer exist, because they were replaced or deleted. */
  async #stopEnded(): Promise<void> {
    if (this.#running.size === 0) return;
    const jobIds = [...this.#running].map(({ claimed }) => claimed.job.id);
    const unfinished = new Set((await this.#options.store.read((tx) => listUnfinishedRuns(tx, jobIds))).map(({ id }) => id));
    for (const { claimed, stop } of this.#running)
      if (!unfinished.has(claimed.run.id)) stop.abort(new Error('the run was replaced or deleted'));
  }

  #start(claimed: ClaimedRun): void {
    const running: Running = { claimed, stop: new AbortController(), finished: Promise.resolve() };
    this.#running.add(running);
    running.finished = this.#run(claimed, running.stop.signal)
      .catch((error: unknown) =>
        this.#options.logger.error({ runId: claimed.run.id, err: error }, 'failed to store the end of a scheduled run'),
      )
      .then(() => {
        this.#running.delete(running);
        void this.wake();
      });
  }
}
