/**
 * Counts events and stores the counts once a minute, and a second after a turn has ended, for the history of the last days. While
 * the store is unavailable, they are kept. A crash loses counts that are not stored yet. A minute without a live worker has no row,
 * which later shows as an outage.
 */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { type Clock, MINUTE_MS } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { DelayedWrite } from '../store/delayed-write.js';
import { addSample, mergeSamples, type MinuteSample } from '../store/overview/minute-samples.js';
import type { Store } from '../store/store.js';
import { ownRssBytes } from './memory.js';

export interface SamplesOptions {
  readonly store: Pick<Store, 'write'>;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Number of requests since this worker started. */
  readonly requests: () => { readonly count: number; readonly failed: number };
  /** Default: the memory of this process. */
  readonly rssBytes?: () => number;
}

/** Delay after the full minute, so that an early timer does not write a minute twice. */
const AFTER_MS = 200;

const AFTER_TURN_MS = 1_000;

const NOTHING = { starts: 0, turns: 0, failedTurns: 0, inputTokens: 0, outputTokens: 0, lateMs: 0 };

export class Samples {
  readonly #options: SamplesOptions;
  readonly #rows: DelayedWrite<MinuteSample>;
  #counts = { ...NOTHING };
  #known = { count: 0, failed: 0 };
  #minute = 0;
  #cancel: (() => void) | undefined;
  #cancelSoon: (() => void) | undefined;

  constructor(options: SamplesOptions) {
    this.#options = options;
    this.#rows = new DelayedWrite({
      ...options,
      delayMs: MINUTE_MS,
      write: async (tx, samples: readonly MinuteSample[]) => {
        for (const sample of samples) await addSample(tx, sample);
      },
      problem: 'failed to store the samples of the last minute',
      merging: {
        keyOf: ({ minute }) => minute,
        merge: (sample, other) => ({ ...mergeSamples([sample, other]), minute: sample.minute }),
      },
    });
  }

  /** Returns a publisher that counts events and passes them on. */
  counting(publish: (event: GatewayEvent) => void): (event: GatewayEvent) => void {
    return (event) => {
      this.note(event);
      publish(event);
    };
  }

  note(event: GatewayEvent): void {
    if (event.type !== 'turn' && event.type !== 'completion') return;
    if (event.state === 'started' || event.state === 'waiting') return;
    this.#counts.turns += 1;
    if (event.state === 'error') this.#counts.failedTurns += 1;
    this.#counts.inputTokens += event.usage?.inputTokens ?? 0;
    this.#counts.outputTokens += event.usage?.outputTokens ?? 0;
    if (this.#cancel !== undefined) this.#cancelSoon ??= this.#options.clock.after(AFTER_TURN_MS, () => this.#write());
  }

  noteLate(lateMs: number): void {
    this.#counts.lateMs = Math.max(this.#counts.lateMs, Math.round(lateMs));
  }

  start(): void {
    this.#counts.starts += 1;
    this.#minute = this.#minuteNow();
    this.#write();
    this.#arm();
  }

  /** Stores the counts of the current minute. */
  async stop(): Promise<void> {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#write();
    await this.#rows.close();
  }

  #minuteNow(): number {
    return Math.floor(this.#options.clock.now() / MINUTE_MS);
  }

  #arm(): void {
    const { clock } = this.#options;
    const delayMs = MINUTE_MS - (clock.now() % MINUTE_MS) + AFTER_MS;
    this.#cancel = clock.after(delayMs, () => {
      this.#write();
      this.#arm();
    });
  }

  /** Stores the counts for the minute in which counting started. */
  #write(): void {
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    const requests = this.#options.requests();
    const sample: MinuteSample = {
      ...this.#counts,
      minute: this.#minute,
      requests: requests.count - this.#known.count,
      failedRequests: requests.failed - this.#known.failed,
      rssBytes: this.#options.rssBytes?.() ?? ownRssBytes(),
    };
    this.#counts = { ...NOTHING };
    this.#known = requests;
    this.#minute = this.#minuteNow();
    this.#rows.add(sample);
    void this.#rows.flush();
  }
}
