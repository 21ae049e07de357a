/** The scheduler: one timer for all jobs, in the one active worker. What is due is read from the store each time. */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { readNextCronInstant } from '../store/cron-jobs.js';
import { listUnfinishedRuns, purgeCronRuns } from '../store/cron-runs.js';
import { purgeInSteps } from '../store/purge.js';
import type { CronRunRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import { StoreWait } from '../store/store-wait.js';
import { claimDue, type ClaimedRun, interruptOrphans, rewind, startDue } from './claim.js';

export interface SchedulerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly instanceId: string;
  /** Every worker that lives, this one included. */
  liveInstanceIds(): readonly string[];
  settings(): { readonly enabled: boolean; readonly maxConcurrentJobs: number; readonly historyRetentionDays: number };
  /** Does the work and stores how it ended. Never rejects. */
  run(claimed: ClaimedRun, signal: AbortSignal): Promise<void>;
}

/** So that sleep and clock jumps are noticed, and no timer is too long for 32 bits. */
const MAX_WAIT_MS = 60_000;
/** While an older worker still ends its runs, or takes in jobs that it cannot tell this one. */
const OVERLAP_LOOK_MS = 1_000;
/** Between the starts of what became due while the gateway was down. */
const BOOT_STAGGER_MS = 1_000;
/** Smaller steps are the clock being disciplined. */
const JUMP_MS = 2_000;
const PURGE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #wait: StoreWait;
  readonly #running = new Map<string, { stop: AbortController; finished: Promise<void> }>();
  #state: 'idle' | 'active' | 'stopped' = 'idle';
  #cancelTimer: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #mustLookAgain = false;
  #isFirstLook = true;
  #lastNowMs = 0;
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

  /** Stops the runs of a job that is gone. */
  cancel(runIds: readonly string[], reason: Error): void {
    for (const id of runIds) this.#running.get(id)?.stop.abort(reason);
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
    const { enabled, maxConcurrentJobs } = this.#options.settings();
    const nowMs = clock.now();
    const liveOwners = [...new Set([instanceId, ...this.#options.liveInstanceIds()])];
    const wasSetBack = this.#isFirstLook || nowMs < this.#lastNowMs - JUMP_MS;
    const before = await store.read(listUnfinishedRuns);
    const nextMs = await store.read(readNextCronInstant);
    const isRestless = wasSetBack || before.length > 0 || (nextMs !== undefined && nextMs <= nowMs);
    if (isRestless) {
      const claimed = await store.write(async (db) => {
        await interruptOrphans(db, { liveOwners, instanceId, ownRunIds: new Set(this.#running.keys()), nowMs });
        if (wasSetBack) await rewind(db, nowMs);
        if (!enabled) return [];
        await claimDue(db, { nowMs, staggerMs: this.#isFirstLook ? BOOT_STAGGER_MS : 0 });
        return startDue(db, { nowMs, limit: maxConcurrentJobs - this.#running.size, instanceId });
      });
      for (const one of claimed) this.#start(one);
    }
    this.#isFirstLook = false;
    this.#lastNowMs = nowMs;
    await this.#purge(nowMs);
    return this.#waitMs(nowMs, liveOwners.length > 1, enabled);
  }

  async #waitMs(nowMs: number, isOverlap: boolean, isEnabled: boolean): Promise<number | undefined> {
    const { store } = this.#options;
    const unfinished = await store.read(listUnfinishedRuns);
    this.#stopEnded(unfinished);
    const nextMs = await store.read(readNextCronInstant);
    const waiting = unfinished.filter(({ state }) => state === 'queued').map((run) => run.due_at);
    // What waits for a free place is looked at when one becomes free.
    const instants = isEnabled ? [...waiting.filter((dueMs) => dueMs > nowMs), ...(nextMs === undefined ? [] : [nextMs])] : [];
    if (isOverlap) return OVERLAP_LOOK_MS;
    if (instants.length === 0) return undefined;
    return Math.min(MAX_WAIT_MS, Math.max(0, Math.min(...instants) - this.#options.clock.now()));
  }

  /** A run whose row has ended, or is gone, was replaced or deleted. */
  #stopEnded(unfinished: readonly CronRunRow[]): void {
    const alive = new Set(unfinished.map(({ id }) => id));
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
    this.#running.set(id, { stop, finished });
  }

  async #purge(nowMs: number): Promise<void> {
    if (nowMs - this.#purgedAtMs < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    const { store, settings } = { store: this.#options.store, settings: this.#options.settings() };
    const beforeMs = nowMs - settings.historyRetentionDays * DAY_MS;
    await purgeInSteps(
      store,
      (db) => purgeCronRuns(db, beforeMs),
      () => true,
    );
  }
}
