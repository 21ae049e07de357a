/**
 * Decides when each lane of a queue runs. A lane is a chat: its items are worked on one after another. A limited number of lanes
 * per account run at a time, in the order in which they became due; a few more may run for items that need no place. No timer is
 * armed while nothing is due later.
 */
import type { Clock } from '../../../shared/clock.js';
import type { Lane } from '../store/delivery/outbox.js';

/** `idle` lanes are not kept. `stale`: running, and something has changed since the run began. */
export type LaneState = 'idle' | 'waiting' | 'ready' | 'running' | 'stale';

/**
 * `wake`: something may be due. `due`: the time that a lane waited for has come. `start`: a place is free. `wait`: a run has
 * ended and the next item is due later. `full`: a run without a place has ended, and the next item needs one. `empty`: a run has
 * ended and nothing is left.
 */
export type LaneEvent = 'wake' | 'due' | 'start' | 'wait' | 'full' | 'empty';

/** An event without an entry changes nothing. */
export const LANE_TRANSITIONS: Readonly<Record<LaneState, Readonly<Partial<Record<LaneEvent, LaneState>>>>> = {
  idle: { wake: 'ready' },
  waiting: { wake: 'ready', due: 'ready' },
  ready: { start: 'running' },
  running: { wake: 'stale', wait: 'waiting', full: 'ready', empty: 'idle' },
  stale: { wait: 'ready', full: 'ready', empty: 'ready' },
};

interface Account {
  running: number;
  /** Runs without a place. */
  extra: number;
  /** A Set keeps the order in which lanes became ready. A lane that runs without a place keeps its turn. */
  readonly ready: Set<Entry>;
  /** The ready lanes whose next item may need no place. */
  readonly news: Set<Entry>;
}

/** A lane as found by a query. */
export interface FoundLane extends Lane {
  /** Names the first item, where another worker may remove it or put one before it. */
  readonly head?: number;
}

interface Entry {
  readonly key: string;
  readonly lane: Lane;
  readonly account: Account;
  /** The first item as of the last query. */
  head: number | undefined;
  state: LaneState;
  /** When a waiting lane is due. */
  dueAtMs: number;
  /** When it began to wait. A later time than now means that the clock was set back, and `dueAtMs` is invalid. */
  sinceMs: number;
}

export interface LaneScheduleOptions {
  readonly clock: Clock;
  /** Lanes of one account that run at the same time. */
  readonly maxRunningPerAccount: number;
  /** Further lanes that may run without a place. Default: none. */
  readonly maxExtraPerAccount?: number | undefined;
  /**
   * Processes due items, without a place only those that need none. Never rejects. @returns when the next item is due, in epoch
   * ms; `full` when it needs a place; undefined when nothing is left
   */
  run(lane: Lane, hasPlace: boolean): Promise<number | 'full' | undefined>;
}

/** After a suspension of the machine or a change of its clock, lanes are checked this soon. */
const MAX_TIMER_MS = 60_000;

export const accountKey = (lane: Lane): string => JSON.stringify([lane.channel, lane.accountId]);
export const laneKey = (lane: Lane): string => JSON.stringify([lane.channel, lane.accountId, lane.chatId]);

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

  /** Something may have become due in a lane. */
  wake(lane: Lane): void {
    this.#apply(this.#entryOf(lane), 'wake');
  }

  /** Wakes a lane, unless it is known with the same first item: then new items come after the one that it waits for. */
  add({ head, ...lane }: FoundLane): void {
    const entry = this.#entryOf(lane);
    if (entry.state !== 'idle' && entry.head === head) return;
    entry.head = head;
    this.#apply(entry, 'wake');
  }

  /** Wakes all lanes of an account. */
  wakeAccount(channel: string, accountId: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.lane.channel === channel && entry.lane.accountId === accountId) this.#apply(entry, 'wake');
    }
  }

  /** Whether another lane of the account waits to run. @param hasPlace  false: to run without a place */
  hasReady(lane: Lane, hasPlace = true): boolean {
    const { ready, news } = this.#accountOf(lane);
    return (hasPlace ? ready : news).size > 0;
  }

  /** Starts no more runs. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  #entryOf(lane: Lane): Entry {
    const key = laneKey(lane);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { key, lane, account: this.#accountOf(lane), head: undefined, state: 'idle', dueAtMs: 0, sinceMs: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #accountOf(lane: Lane): Account {
    const key = accountKey(lane);
    const account = this.#accounts.get(key) ?? { running: 0, extra: 0, ready: new Set(), news: new Set() };
    this.#accounts.set(key, account);
    return account;
  }

  #apply(entry: Entry, event: LaneEvent): void {
    const { state: before, account } = entry;
    entry.state = LANE_TRANSITIONS[before][event] ?? before;
    if (entry.state === 'idle' || entry.state === 'waiting') account.ready.delete(entry);
    if (entry.state === 'idle') this.#entries.delete(entry.key);
    if (entry.state === 'waiting') this.#checkDue(entry);
    if (entry.state !== 'ready') return;
    account.ready.add(entry);
    if (event !== 'full' || before === 'stale') account.news.add(entry);
    this.#fill(account);
  }

  #fill(account: Account): void {
    const { maxRunningPerAccount, maxExtraPerAccount = 0 } = this.#options;
    for (const entry of account.ready) {
      if (this.#isStopped || account.running >= maxRunningPerAccount) break;
      // It already runs without a place.
      if (entry.state !== 'ready') continue;
      account.ready.delete(entry);
      this.#begin(entry, true);
    }
    for (const entry of account.news) {
      if (this.#isStopped || account.extra >= maxExtraPerAccount) return;
      this.#begin(entry, false);
    }
  }

  #begin(entry: Entry, hasPlace: boolean): void {
    entry.account[hasPlace ? 'running' : 'extra'] += 1;
    entry.account.news.delete(entry);
    this.#apply(entry, 'start');
    const run = this.#run(entry, hasPlace).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #run(entry: Entry, hasPlace: boolean): Promise<void> {
    const next = await this.#options.run(entry.lane, hasPlace);
    entry.account[hasPlace ? 'running' : 'extra'] -= 1;
    if (typeof next === 'number') {
      entry.dueAtMs = next;
      entry.sinceMs = this.#options.clock.now();
    }
    this.#apply(entry, next === undefined ? 'empty' : next === 'full' ? 'full' : 'wait');
    this.#fill(entry.account);
  }

  #checkDue(entry: Entry): void {
    const nowMs = this.#options.clock.now();
    if (entry.dueAtMs > nowMs && entry.sinceMs <= nowMs) this.#arm(entry.dueAtMs);
    else this.#apply(entry, 'due');
  }

  #arm(atMs: number): void {
    const { clock } = this.#options;
    if (this.#isStopped || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.#timer?.cancel();
    const delayMs = Math.min(Math.max(atMs - clock.now(), 0), MAX_TIMER_MS);
    this.#timer = { atMs, cancel: clock.after(delayMs, () => this.#checkAll()) };
  }

  #checkAll(): void {
    this.#timer = undefined;
    for (const entry of this.#entries.values()) if (entry.state === 'waiting') this.#checkDue(entry);
  }
}
