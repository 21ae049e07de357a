/**
 * How the calls of models went in the last hour. Calls are stored together, about a second after the first of them, so that no turn waits
 * for it; the numbers survive a restart, and a crash loses what is not stored yet.
 */
import type { CallFacts } from '../../../shared/api/models.js';
import type { Clock } from '../../../shared/clock.js';
import { splitRef } from '../../../shared/config/known-providers.js';
import { isUnavailable } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ModelCall } from '../../../shared/turn-usage.js';
import { insertModelCalls, type ModelCallCounts, readModelCalls } from '../store/overview/model-calls.js';
import type { Store } from '../store/store.js';
import { callFacts } from './call-facts.js';

const HOUR_MS = 60 * 60 * 1_000;
/** How long a call may wait for others before it is stored. */
export const STORE_DELAY_MS = 1_200;
/** While the store is unavailable, older calls are dropped. */
const MAX_PENDING = 1_000;

export interface ModelCallsOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: LogPort;
}

/** What is known of the calls. */
export interface CallReport {
  ofModel(ref: string): CallFacts;
  ofProvider(id: string): CallFacts;
}

export class ModelCalls {
  readonly #options: ModelCallsOptions;
  #pending: ModelCall[] = [];
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ModelCallsOptions) {
    this.#options = options;
  }

  note(call: ModelCall): void {
    this.#pending.push(call);
    if (this.#pending.length > MAX_PENDING) this.#pending.shift();
    this.#cancel ??= this.#options.clock.after(STORE_DELAY_MS, () => void this.flush());
  }

  /** Stores what is pending. Never rejects. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const calls = this.#pending;
    if (calls.length === 0) return;
    this.#pending = [];
    const { store, clock, logger } = this.#options;
    try {
      await store.write((tx) => insertModelCalls(tx, calls, clock.now() - HOUR_MS));
    } catch (error) {
      // The store reports its own failures.
      if (!isUnavailable(error)) logger.warn({ err: error }, 'failed to store how calls of models went');
    }
  }

  /** Counts the calls of the last hour, also those that are pending. */
  async read(): Promise<CallReport> {
    await this.flush();
    const counts = await this.#options.store.read((tx) => readModelCalls(tx, this.#options.clock.now() - HOUR_MS));
    const of = (isWanted: (count: ModelCallCounts) => boolean): CallFacts => callFacts(counts.filter(isWanted));
    return { ofModel: (wanted) => of(({ ref }) => ref === wanted), ofProvider: (id) => of(({ ref }) => splitRef(ref).providerId === id) };
  }
}
