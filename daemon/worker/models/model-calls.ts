/**
 * Records the outcomes of model calls in the last hour. Calls are stored together, about a second after the first of them, so that
 * no turn waits; the numbers survive a restart, but a crash loses calls that are not stored yet.
 */
import type { CallFacts } from '../../../shared/api/models.js';
import { type Clock, HOUR_MS } from '../../../shared/clock.js';
import { splitRef } from '../../../shared/config/known-providers.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ModelCall } from '../../../shared/turn-usage.js';
import { DelayedWrite } from '../store/delayed-write.js';
import { insertModelCalls, type ModelCallCounts, readModelCalls } from '../store/overview/model-calls.js';
import type { Store } from '../store/store.js';
import { callFacts } from './call-facts.js';

/** How long a call may wait for others before it is stored. */
export const STORE_DELAY_MS = 1_200;

export interface ModelCallsOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: LogPort;
}

/** The statistics of the calls. */
export interface CallReport {
  ofModel(ref: string): CallFacts;
  ofProvider(id: string): CallFacts;
}

export class ModelCalls {
  readonly #options: ModelCallsOptions;
  readonly #pending: DelayedWrite<ModelCall>;

  constructor(options: ModelCallsOptions) {
    this.#options = options;
    this.#pending = new DelayedWrite({
      ...options,
      delayMs: STORE_DELAY_MS,
      write: (tx, calls: readonly ModelCall[]) => insertModelCalls(tx, calls, options.clock.now() - HOUR_MS),
      problem: 'failed to store the outcomes of model calls',
    });
  }

  note(call: ModelCall): void {
    this.#pending.add(call);
  }

  /** Stores what is pending, and takes no more. Never rejects. */
  close(): Promise<void> {
    return this.#pending.close();
  }

  /** Counts the calls of the last hour, including pending ones. */
  async read(): Promise<CallReport> {
    await this.#pending.flush();
    const counts = await this.#options.store.read((tx) => readModelCalls(tx, this.#options.clock.now() - HOUR_MS));
    const of = (isWanted: (count: ModelCallCounts) => boolean): CallFacts => callFacts(counts.filter(isWanted));
    return { ofModel: (wanted) => of(({ ref }) => ref === wanted), ofProvider: (id) => of(({ ref }) => splitRef(ref).providerId === id) };
  }
}
