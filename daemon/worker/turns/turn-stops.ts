/** Ends turns of this worker on request of others: each request is a row, which is polled for while another worker is alive. */
import type { Clock } from '../../../shared/clock.js';
import { createSerial } from '../../../shared/serial.js';
import { readTurnStops } from '../store/conversations/turn-stops.js';
import type { Liveness } from '../store/liveness.js';
import type { Store } from '../store/store.js';
import type { TurnRunner } from './turn-runner.js';

export interface TurnStopsOptions {
  readonly store: Pick<Store, 'read'>;
  readonly clock: Clock;
  readonly liveness: Pick<Liveness, 'lookAgainMs' | 'onChange'>;
  readonly turns: Pick<TurnRunner, 'stopSession' | 'stopTurns'>;
}

const LOOK_MS = 500;

export class TurnStops {
  readonly #options: TurnStopsOptions;
  readonly #inOrder = createSerial();
  /** The turns whose requests were seen: others of the session may have begun since. */
  #seen: ReadonlySet<string> = new Set();
  #isWoken = false;
  #isStopped = false;
  #end: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: TurnStopsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#end = this.#options.liveness.onChange('stops', () => this.#wake());
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#end?.();
    this.#cancel?.();
    await this.#inOrder(async () => undefined);
  }

  #wake(): void {
    if (this.#isWoken || this.#isStopped) return;
    this.#isWoken = true;
    void this.#inOrder(() => this.#look());
  }

  #lookLater(): void {
    const { clock, liveness } = this.#options;
    const lookMs = liveness.lookAgainMs(LOOK_MS);
    this.#cancel?.();
    if (lookMs !== undefined && !this.#isStopped) this.#cancel = clock.after(lookMs, () => this.#wake());
  }

  /** Never rejects: the store reports its own failure, and it is read again. */
  async #look(): Promise<void> {
    const { store, turns } = this.#options;
    this.#isWoken = false;
    try {
      const stops = await store.read(readTurnStops);
      for (const { turnId, sessionKey, reason } of stops) {
        if (this.#seen.has(turnId)) continue;
        if (reason === 'deleted') turns.stopSession(sessionKey);
        else turns.stopTurns(sessionKey);
      }
      this.#seen = new Set(stops.map(({ turnId }) => turnId));
    } catch {
      // Read again.
    }
    this.#lookLater();
  }
}
