/**
 * Works through the lanes of a queue in the store: the inbox and the outbox. Only the active worker of a gateway runs it; every
 * worker may add items. The states of a lane and the events between them are the table of `lane-schedule.ts`; an item is open, held by
 * one worker (its `instanceId`), or finished, and only the queue changes that, in transactions.
 *
 * What can fail, and what then happens:
 * - This worker dies while it holds an item: the next worker's first look recovers the item; the queue decides whether it is
 *   repeated, set aside or of unknown outcome.
 * - Two workers live, during a restart or on one database: a lane whose first item the other one holds, or whose account it serves,
 * is left to it; polling finds the items that it adds, drops, resends, releases, or leaves behind when it dies.
 * - The store cannot be read or written before an attempt: the lane waits 1 to 10 s and tries again.
 * - The store cannot be written after an attempt: the result is kept in memory and written again each second, and the lane
 *   waits for it, so that nothing is sent twice. {@link LaneWorker.abort} ends that; the item is then recovered as above.
 * - This worker is considered dead while it is alive: its late result changes nothing, because it no longer holds the item.
 * - The clock is set back, or the machine was suspended: waiting lanes are checked at least once a minute.
 * - An attempt rejects: that is a bug of the queue; the lane waits as after an error of the store, and the item stays held.
 */
import { pause } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { withSignal } from '../../../shared/node/signals.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import { StoreWait } from '../store/store-wait.js';
import { type FoundLane, LaneSchedule } from './lane-schedule.js';
import { type Liveness, mustBeValid } from '../store/liveness.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export type Claim<Item> = Claimed<Item> & {
  /** Called once the claim's changes are on disk. */
  readonly committed?: () => void;
};

type Claimed<Item> =
  | { readonly type: 'item'; readonly item: Item }
  /** The next item is due then. */
  | { readonly type: 'wait'; readonly untilMs: number }
  /** Another live worker holds the first item, or serves the account. */
  | { readonly type: 'held' }
  /** The next item waits for a place. */
  | { readonly type: 'full' }
  | { readonly type: 'empty' };

export interface Attempt {
  /** Runs in a transaction, and again if that fails. Undefined: the attempt has recorded its result itself. */
  record?(tx: Transaction): Promise<void>;
  /** Called once the result is on disk. */
  recorded?(): void;
  /** Pause of the lane before its next item. Default: none. */
  readonly pauseMs?: number;
}

/** A queue of items in lanes. The first four run inside a transaction of the store. */
export interface LaneQueue<Item extends Lane> {
  /** Name for the log. */
  readonly name: 'inbox' | 'outbox';
  /** Lanes of an account that may run in addition for items that need no place. Default: none. */
  readonly extraPlaces?: number;
  /** @returns every lane whose first item this worker may take now or later, the longest waiting first */
  listLanes(tx: Transaction, liveness: Liveness): Promise<FoundLane[]>;
  /** Whether {@link recover} would change anything. */
  hasOrphans(tx: Transaction, liveness: Liveness): Promise<boolean>;
  /** Decides about items of dead workers. Returns a function to call once that is on disk. */
  recover(tx: Transaction, liveness: Liveness): Promise<() => void>;
  /** Takes the first item of a lane; without a place only one that needs none. */
  claim(tx: Transaction, lane: Lane, hasPlace: boolean): Promise<Claim<Item>>;
  /** Processes an item once. Never rejects. */
  attempt(item: Item, signal: AbortSignal): Promise<Attempt>;
}

export type LaneWorkerOptions = Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness'>;

/** Documented in docs/channels.md. */
const MAX_RUNNING_PER_ACCOUNT = 8;
/** Another worker may add items but cannot wake this one. */
const OVERLAP_LOOK_MS = 500;
/** Many changes by others cause only one query. */
const GATHER_MS = 20;
/** Pause between attempts to record a result while the store fails. */
const RECORD_RETRY_MS = 1_000;

export class LaneWorker<Item extends Lane> {
  readonly #options: LaneWorkerOptions;
  readonly #queue: LaneQueue<Item>;
  readonly #lanes: LaneSchedule;
  readonly #aborted = new AbortController();
  readonly #lookWait: StoreWait;
  readonly #laneWait: StoreWait;
  #isActive = false;
  #isLooking = false;
  /** Whether others have changed something since the last query began. */
  #hasNews = false;
  #cancelLook: (() => void) | undefined;
  #endNews: (() => void) | undefined;

  constructor(options: LaneWorkerOptions, queue: LaneQueue<Item>) {
    this.#options = options;
    this.#queue = queue;
    this.#lookWait = new StoreWait(options, `failed to read the ${queue.name}; retrying`);
    this.#laneWait = new StoreWait(options, `a chat of the ${queue.name} waits for the database`);
    this.#lanes = new LaneSchedule({
      clock: options.clock,
      maxRunningPerAccount: MAX_RUNNING_PER_ACCOUNT,
      maxExtraPerAccount: queue.extraPlaces,
      run: (lane, hasPlace) => this.#run(lane, hasPlace),
    });
  }

  /** Call when an item was committed, or became due. */
  wake({ channel, accountId, chatId }: Lane): void {
    if (this.#isActive) this.#lanes.wake({ channel, accountId, chatId });
  }

  wakeAccount(channel: string, accountId: string): void {
    this.#lanes.wakeAccount(channel, accountId);
  }

  /** Recovers items of dead workers and starts working. Never rejects: retries while the store fails. */
  async start(): Promise<void> {
    this.#isActive = true;
    this.#endNews = this.#options.liveness.onChange(this.#queue.name, () => this.#noteNews());
    await this.#look();
  }

  /** Claims nothing more. Attempts in progress continue; {@link idle} waits for them. */
  stop(): void {
    this.#isActive = false;
    this.#endNews?.();
    this.#cancelLook?.();
    this.#lanes.stop();
  }

  /** Aborts the attempts in progress, and gives up on results that cannot be recorded. */
  abort(): void {
    this.#aborted.abort();
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  #noteNews(): void {
    if (this.#hasNews) return;
    this.#hasNews = true;
    if (!this.#isLooking) this.#lookIn(GATHER_MS);
  }

  #lookIn(delayMs: number): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#options.clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { store, liveness } = this.#options;
    this.#isLooking = true;
    this.#hasNews = false;
    let waitMs: number | undefined;
    try {
      if (await store.read((tx) => this.#queue.hasOrphans(tx, liveness))) {
        const recovered = await store.write((tx) => this.#queue.recover(tx, liveness));
        recovered();
      }
      for (const lane of await store.read((tx) => this.#queue.listLanes(tx, liveness))) if (this.#isActive) this.#lanes.add(lane);
      this.#lookWait.succeeded();
      waitMs = this.#hasNews ? GATHER_MS : liveness.lookAgainMs(OVERLAP_LOOK_MS);
    } catch (error) {
      waitMs = this.#lookWait.failed(error);
    }
    this.#isLooking = false;
    if (this.#isActive && waitMs !== undefined) this.#lookIn(waitMs);
  }

  /** Processes the due items of a lane, one after another. See {@link LaneSchedule} for the result. */
  async #run(lane: Lane, hasPlace: boolean): Promise<number | 'full' | undefined> {
    const { store, clock, liveness } = this.#options;
    try {
      let claim = await store.write((tx) => this.#claim(tx, lane, hasPlace));
      claim.committed?.();
      while (claim.type === 'item') {
        this.#laneWait.succeeded();
        claim = await this.#process(lane, claim.item, hasPlace);
      }
      this.#laneWait.succeeded();
      if (claim.type === 'empty') return undefined;
      if (claim.type === 'wait') return claim.untilMs;
      if (claim.type === 'full') return 'full';
      // While other workers are alive, polling finds the lane again.
      return liveness.isAlone() ? clock.now() + OVERLAP_LOOK_MS : undefined;
    } catch (error) {
      return clock.now() + this.#laneWait.failed(error, { channel: lane.channel });
    }
  }

  /** A worker that is stopping leaves the items to the next one. */
  async #claim(tx: Transaction, lane: Lane, hasPlace: boolean): Promise<Claim<Item>> {
    mustBeValid(this.#options.liveness);
    return this.#isActive ? this.#queue.claim(tx, lane, hasPlace) : { type: 'held' };
  }

  /** @returns the lane's next item, claimed in the transaction that records the result of this one */
  async #process(lane: Lane, item: Item, hasPlace: boolean): Promise<Claim<Item>> {
    const attempt = await withSignal([this.#aborted.signal], (signal) => this.#queue.attempt(item, signal));
    const claim = await this.#stored(async (tx) => {
      await attempt.record?.(tx);
      return this.#next(tx, lane, { ...attempt, hasPlace });
    });
    attempt.recorded?.();
    claim.committed?.();
    return claim;
  }

  async #next(tx: Transaction, lane: Lane, { pauseMs, hasPlace }: Attempt & { readonly hasPlace: boolean }): Promise<Claim<Item>> {
    const nowMs = this.#options.clock.now();
    if (pauseMs !== undefined) return { type: 'wait', untilMs: nowMs + pauseMs };
    // Other lanes of the account have waited longer.
    if (this.#lanes.hasReady(lane, hasPlace)) return { type: 'wait', untilMs: nowMs };
    return this.#claim(tx, lane, hasPlace);
  }

  /** Writes, and retries while the store is unavailable. @throws the store's error once aborted, or when it is permanent */
  async #stored<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { store, clock } = this.#options;
    for (;;) {
      try {
        return await store.write(work);
      } catch (error) {
        const mayPass = error instanceof GatewayError && error.spec.retryable;
        if (!mayPass || this.#aborted.signal.aborted) throw error;
        await pause(RECORD_RETRY_MS, clock, this.#aborted.signal);
      }
    }
  }
}
