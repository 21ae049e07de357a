/**
 * Which chats have something to send, and when to look at each again. Runs at most so many chats of an account at a
 * time, in the order in which they became due. There is no timer while nothing is due later.
 */
import type { Clock } from '../../../shared/clock.js';
import type { Lane } from '../store/delivery/outbox.js';

/** When a chat is to be looked at again. */
export interface NextLook {
  /** When its first message may be sent. */
  readonly dueAtMs: number;
  /** When its first message ends, sent or not. */
  readonly expiresAtMs: number;
}

interface Account {
  running: number;
  /** Due, and waiting for a free place. A set keeps their order. */
  readonly ready: Set<Entry>;
}

interface Entry {
  readonly key: string;
  readonly lane: Lane;
  readonly account: Account;
  next: NextLook;
  /** When `next` was told. An earlier time now means that the clock was set back, and `next` says nothing. */
  toldAtMs: number;
  isRunning: boolean;
  /** Something has changed since its run last looked. */
  isStale: boolean;
}

export interface LaneScheduleOptions {
  readonly clock: Clock;
  /** Chats of one account that run at the same time. */
  readonly maxRunningPerAccount: number;
  canSend(lane: Lane): boolean;
  /** Sends what is due. @returns when to look again; undefined when nothing is left */
  run(lane: Lane): Promise<NextLook | undefined>;
}

/** A machine that slept, or whose clock was set, is noticed this soon. */
const MAX_TIMER_MS = 60_000;

const NOW: NextLook = { dueAtMs: 0, expiresAtMs: 0 };

const accountKey = (lane: Lane): string => JSON.stringify([lane.channel, lane.accountId]);
const laneKey = (lane: Lane): string => JSON.stringify([lane.channel, lane.accountId, lane.chatId]);

export class LaneSchedule {
  readonly #options: LaneScheduleOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #accounts = new Map<string, Account>();
  readonly #runs = new Set<Promise<void>>();
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #isStopped = false;

  constructor(options: LaneScheduleOptions) {
    this.#options = options;
  }

  /** How many chats have something unfinished. */
  get size(): number {
    return this.#entries.size;
  }

  /** Something may have become due in a chat. */
  wake(lane: Lane): void {
    const key = laneKey(lane);
    const entry = this.#entries.get(key) ?? {
      key,
      lane,
      account: this.#accountOf(lane),
      next: NOW,
      toldAtMs: 0,
      isRunning: false,
      isStale: false,
    };
    this.#entries.set(key, entry);
    this.#tell(entry, NOW);
  }

  /** Looks at a chat unless it is known: what was added to a known one comes after what it waits for. */
  add(lane: Lane): void {
    if (!this.#entries.has(laneKey(lane))) this.wake(lane);
  }

  /** An account has become ready. */
  wakeAccount(channel: string, accountId: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.lane.channel === channel && entry.lane.accountId === accountId) this.#schedule(entry);
    }
  }

  /** Whether another chat of the account waits for a place. */
  hasWaiting(lane: Lane): boolean {
    return this.#accountOf(lane).ready.size > 0;
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  #accountOf(lane: Lane): Account {
    const key = accountKey(lane);
    const account = this.#accounts.get(key) ?? { running: 0, ready: new Set() };
    this.#accounts.set(key, account);
    return account;
  }

  #tell(entry: Entry, next: NextLook): void {
    entry.next = next;
    entry.toldAtMs = this.#options.clock.now();
    this.#schedule(entry);
  }

  #schedule(entry: Entry): void {
    if (this.#isStopped) return;
    if (entry.isRunning) {
      entry.isStale = true;
      return;
    }
    const nowMs = this.#options.clock.now();
    const lookAtMs = this.#options.canSend(entry.lane) ? entry.next.dueAtMs : entry.next.expiresAtMs;
    if (lookAtMs > nowMs && entry.toldAtMs <= nowMs) return this.#arm(lookAtMs);
    entry.account.ready.add(entry);
    this.#pump(entry.account);
  }

  #pump(account: Account): void {
    for (const entry of account.ready) {
      if (this.#isStopped || account.running >= this.#options.maxRunningPerAccount) return;
      account.ready.delete(entry);
      account.running += 1;
      entry.isRunning = true;
      const run = this.#run(entry).finally(() => this.#runs.delete(run));
      this.#runs.add(run);
    }
  }

  async #run(entry: Entry): Promise<void> {
    entry.isStale = false;
    const next = await this.#options.run(entry.lane);
    entry.isRunning = false;
    entry.account.running -= 1;
    if (entry.isStale) this.#tell(entry, NOW);
    else if (next !== undefined) this.#tell(entry, next);
    else this.#entries.delete(entry.key);
    this.#pump(entry.account);
  }

  #arm(atMs: number): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.cancel();
    const delayMs = Math.min(Math.max(atMs - clock.now(), 0), MAX_TIMER_MS);
    this.#timer = { atMs, cancel: clock.after(delayMs, () => this.#look()) };
  }

  #look(): void {
    this.#timer = undefined;
    for (const entry of this.#entries.values()) if (!entry.isRunning) this.#schedule(entry);
  }
}
