/**
 * Counts what happens and stores it once a minute, so that the last days can be shown across restarts. At rest it wakes
 * once a minute; a minute in which no worker lived has no row, which is how an outage is known later.
 */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { addSample } from '../store/overview/minute-samples.js';
import type { MinuteSampleRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import type { GatewayEvent } from '../contracts.js';

export interface SamplesOptions {
  readonly store: Pick<Store, 'write'>;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Since this worker began. */
  readonly requests: () => { readonly count: number; readonly failed: number };
  /** Default: this process's. */
  readonly rssBytes?: () => number;
}

export const MINUTE_MS = 60_000;
/** Behind the turn of the minute, so that a timer that is a little early does not write it twice. */
const AFTER_MS = 200;

type Counts = Pick<MinuteSampleRow, 'starts' | 'turns' | 'failed_turns' | 'input_tokens' | 'output_tokens' | 'late_ms'>;

const NOTHING: Counts = { starts: 0, turns: 0, failed_turns: 0, input_tokens: 0, output_tokens: 0, late_ms: 0 };

export class Samples {
  readonly #options: SamplesOptions;
  #counts: Counts = { ...NOTHING };
  #known = { count: 0, failed: 0 };
  #minute = 0;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SamplesOptions) {
    this.#options = options;
  }

  /** Counts what is told on its way. */
  counting(tell: (event: GatewayEvent) => void): (event: GatewayEvent) => void {
    return (event) => {
      this.note(event);
      tell(event);
    };
  }

  note(event: GatewayEvent): void {
    if (event.type !== 'turn' && event.type !== 'completion') return;
    if (event.state === 'started') return;
    this.#counts.turns += 1;
    if (event.state === 'error') this.#counts.failed_turns += 1;
    this.#counts.input_tokens += event.usage?.inputTokens ?? 0;
    this.#counts.output_tokens += event.usage?.outputTokens ?? 0;
  }

  noteLate(lateMs: number): void {
    this.#counts.late_ms = Math.max(this.#counts.late_ms, Math.round(lateMs));
  }

  start(): void {
    this.#counts.starts += 1;
    this.#minute = this.#minuteNow();
    this.#write();
    this.#arm();
  }

  /** Stores what has been counted since the last minute. */
  async stop(): Promise<void> {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#write();
    await this.#writing;
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

  /** What was counted belongs to the minute in which the counting began. */
  #write(): void {
    const requests = this.#options.requests();
    const sample: MinuteSampleRow = {
      ...this.#counts,
      minute: this.#minute,
      requests: requests.count - this.#known.count,
      failed_requests: requests.failed - this.#known.failed,
      rss_bytes: this.#options.rssBytes?.() ?? process.memoryUsage.rss(),
    };
    this.#counts = { ...NOTHING };
    this.#known = requests;
    this.#minute = this.#minuteNow();
    this.#writing = this.#store(sample);
  }

  async #store(sample: MinuteSampleRow): Promise<void> {
    try {
      await this.#options.store.write((tx) => addSample(tx, sample));
    } catch (error) {
      // A store that is out of order says so itself.
      if (!(error instanceof GatewayError && error.code === 'UNAVAILABLE'))
        this.#options.logger.warn({ err: error }, 'what happened in the last minute could not be stored');
    }
  }
}
