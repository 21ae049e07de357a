/** The scheduler: one timer for all jobs, in the one active worker. What is due is read from the store each time. */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { hasCronJobOfTheFuture, purgeCronJobs, purgeDeletedCronJobs, readNextCronInstant } from '../store/cron/cron-jobs.js';
import { listRunningRuns, listStartableRuns, purgeCronRuns, readLastClaimed, readNextDueRun } from '../store/cron/cron-runs.js';
import { PURGE_ROWS, purgeInSteps } from '../store/conversations/purge.js';
import type { CronMode } from '../store/schema.js';
import type { Store } from '../store/store.js';
import { StoreWait } from '../store/store-wait.js';
import { claimDue, type ClaimedRun, rewind, startDue } from './claim.js';
import { CRON_UNDO_MS } from './policy.js';
import { interruptOrphans, isOrphan } from './finish.js';
import type { RunChange, TellChat } from './run-rows.js';
import type { Transaction } from '../store/transaction.js';

export interface SchedulerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly instanceId: string;
  /** Every worker that lives, this one included. */
  liveInstanceIds(): readonly string[];
  readonly settings: () => { readonly enabled: boolean; readonly maxConcurrentJobs: number; readonly historyRetentionDays: number };
  /** Does the work and stores how it ended. Never rejects. */
  run(claimed: ClaimedRun, signal: AbortSignal): Promise<void>;
  /** Tells a chat that a run of its job was interrupted. */
  readonly tell: TellChat;
  /** Is told what has begun and ended, once that is on disk; what runs end with, {@link run} says itself. */
  readonly announce: (changes: readonly RunChange[]) => void;
  readonly announceDeleted: (jobIds: readonly string[]) => void;
}

interface Look {
  readonly nowMs: number;
  readonly instanceId: string;
  readonly liveOwners: readonly string[];
}

/** So that sleep and clock jumps are noticed, and no timer is too long for 32 bits. */
const MAX_WAIT_MS = 60_000;
/** While an older worker still ends its runs, or takes in jobs that it cannot tell this one. */
const OVERLAP_LOOK_MS = 1_000;
/** Between the starts of turns that became due while the gateway was down. */
const CATCH_UP_STAGGER_MS = 1_000;
/** Smaller steps are the clock being disciplined. */
const JUMP_MS = 2_000;
const PURGE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #wait: StoreWait;
  readonly #running = new Map<string, { stop: AbortController; finished: Promise<void>; mode: CronMode }>();
  #state: 'idle' | 'active' | 'stopped' = 'idle';
  #cancelTimer: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #mustLookAgain = false;
  #isCatchingUp = true;
  /** undefined until the first look. */
  #lastNowMs: number | undefined;
  #purgedAtMs = -Infinity;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, 'scheduled jobs have to wait for the store');
  }

  /** Begins to claim. */
  async start(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'active';
    await this.wake();
  }

  /** Claims nothing any more; what runs goes on. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancelTimer?.();
    await this.#looking;
  }

  /** Stops what still runs and waits for it. */
  async close(reason: Error): Promise<void> {
    await this.stop();
    for (const { stop } of this.#running.values()) stop.abort(reason);
    await this.idle();
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ finished }) => finished));
  }

  /** Jobs or runs have changed: looks at once. Resolves when it has looked. Never rejects. */
  async wake(): Promise<void> {
    if (this.#state !== 'active') return;
    this.#mustLookAgain = true;
    this.#looking ??= this.#lookUntilQuiet();
    await this.#looking;
  }

  async #lookUntilQuiet(): Promise<void> {
    let waitMs: number | undefined;
    while (this.#mustLookAgain && this.#state === 'active') {
      this.#mustLookAgain = false;
      this.#cancelTimer?.();
      try {
        waitMs = await this.#look();
        this.#wait.succeeded();
      } catch (error) {
        waitMs = this.#wait.failed(error);
      }
    }
    this.#looking = undefined;
    if (waitMs !== undefined && this.#state === 'active') this.#cancelTimer = this.#options.clock.after(waitMs, () => void this.wake());
  }

  /** @returns how long to wait for the next look; undefined when nothing is to come */
  async #look(): Promise<number | undefined> {
    const { store, clock, instanceId } = this.#options;
    const nowMs = clock.now();
    const owners = { instanceId, liveOwners: [...new Set([instanceId, ...this.#options.liveInstanceIds()])] };
    const wasSetBack = await this.#wasSetBack(nowMs);
    if (wasSetBack || (await store.read((tx) => this.#hasWork(tx, { ...owners, nowMs })))) {
      await this.#claim({ ...owners, nowMs, wasSetBack });
    } else this.#isCatchingUp = false;
    this.#lastNowMs = nowMs;
    await this.#purge(nowMs);
    return this.#waitMs(nowMs, owners.liveOwners.length > 1);
  }

  /** Of the time before this worker, the rows tell it: nothing is claimed or changed before its time. */
  async #wasSetBack(nowMs: number): Promise<boolean> {
    if (this.#lastNowMs !== undefined) return nowMs < this.#lastNowMs - JUMP_MS;
    const { store } = this.#options;
    if (((await store.read(readLastClaimed)) ?? 0) > nowMs + JUMP_MS) return true;
    return store.read((tx) => hasCronJobOfTheFuture(tx, nowMs + JUMP_MS));
  }

  get #freeTurns(): number {
    const turns = [...this.#running.values()].filter(({ mode }) => mode === 'agent').length;
    return this.#options.settings().maxConcurrentJobs - turns;
  }

  async #hasWork(tx: Transaction, look: Look): Promise<boolean> {
    const isEnabled = this.#options.settings().enabled;
    // The usual reason first: what follows is asked of the store one by one.
    const nextMs = isEnabled ? await readNextCronInstant(tx) : undefined;
    if (nextMs !== undefined && nextMs <= look.nowMs) return true;
    const ownRunIds = new Set(this.#running.keys());
    if ((await listRunningRuns(tx)).some((run) => isOrphan(run, { ...look, ownRunIds }))) return true;
    if (!isEnabled) return false;
    const { nowMs } = look;
    if ((await listStartableRuns(tx, { nowMs, mode: 'direct', limit: 1 })).length > 0) return true;
    return (await listStartableRuns(tx, { nowMs, mode: 'agent', limit: Math.min(1, this.#freeTurns) })).length > 0;
  }

  async #claim(look: Look & { readonly wasSetBack: boolean }): Promise<void> {
    const { store, tell } = this.#options;
    const { nowMs, instanceId, wasSetBack } = look;
    const { changes, claimed, isMore } = await store.write(async (tx) => {
      const ended = await interruptOrphans(tx, { ...look, ownRunIds: new Set(this.#running.keys()), tell });
      if (wasSetBack) await rewind(tx, nowMs);
      if (!this.#options.settings().enabled) return { changes: ended, claimed: [], isMore: false };
      const due = await claimDue(tx, { nowMs, staggerMs: this.#isCatchingUp ? CATCH_UP_STAGGER_MS : 0 });
      const started = await startDue(tx, { nowMs, instanceId, turns: this.#freeTurns });
      return { changes: [...ended, ...due.changes], claimed: started, isMore: due.isMore };
    });
    if (isMore) this.#mustLookAgain = true;
    else this.#isCatchingUp = false;
    for (const one of claimed) this.#start(one);
    this.#options.announce([...changes, ...claimed.map(({ run }) => ({ jobId: run.job_id, runId: run.id, state: 'running' as const }))]);
  }

  async #waitMs(nowMs: number, isOverlap: boolean): Promise<number | undefined> {
    const { store, settings, clock } = this.#options;
    await this.#stopEnded();
    const instants = isOverlap ? [nowMs + OVERLAP_LOOK_MS] : [];
    if (settings().enabled) {
      // What waits for a free place is looked at when one becomes free.
      for (const atMs of [await store.read((tx) => readNextDueRun(tx, nowMs)), await store.read(readNextCronInstant)])
        if (atMs !== undefined) instants.push(atMs);
    }
    if (instants.length === 0) return undefined;
    return Math.min(MAX_WAIT_MS, Math.max(0, Math.min(...instants) - clock.now()));
  }

  /** A run whose row has ended, or is gone, was replaced or deleted. */
  async #stopEnded(): Promise<void> {
    if (this.#running.size === 0) return;
    const alive = new Set((await this.#options.store.read(listRunningRuns)).map(({ id }) => id));
    for (const [id, { stop }] of this.#running) if (!alive.has(id)) stop.abort(new Error('the run was replaced or deleted'));
  }

  #start(claimed: ClaimedRun): void {
    const { id } = claimed.run;
    const stop = new AbortController();
    const finished = this.#options
      .run(claimed, stop.signal)
      .catch((error: unknown) => this.#options.logger.error({ runId: id, err: error }, 'a run of a scheduled job was not stored'))
      .then(() => {
        this.#running.delete(id);
        void this.wake();
      });
    this.#running.set(id, { stop, finished, mode: claimed.job.mode });
  }

  async #purge(nowMs: number): Promise<void> {
    if (nowMs - this.#purgedAtMs < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    const { store } = this.#options;
    const beforeMs = nowMs - this.#options.settings().historyRetentionDays * DAY_MS;
    await purgeInSteps(
      store,
      (tx) => purgeCronRuns(tx, beforeMs),
      () => true,
    );
    await purgeInSteps(
      store,
      async (tx) => (await purgeDeletedCronJobs(tx, nowMs - CRON_UNDO_MS)) * PURGE_ROWS,
      () => true,
    );
    this.#options.announceDeleted(await store.write((tx) => purgeCronJobs(tx, beforeMs)));
  }
}
