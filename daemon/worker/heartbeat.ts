/**
 * Times a worker's heartbeats, which prove that the event loop runs and carry the vitals. Idle workers send fewer: each costs two
 * wake-ups.
 */

const EVERY_MS = { busy: 1_000, idle: 3_000 } as const;
/** Time for the first requests of a new connection to arrive. */
const WAKE_MS = 50;

export interface HeartbeatOptions {
  /** Sends a heartbeat. @returns whether the worker is idle */
  send(): boolean;
  /** Called before each heartbeat of the timer, with its delay. */
  onLate(lateMs: number): void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: NodeJS.Timeout | undefined;
  #isIdle = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Sends a heartbeat now. */
  beat(): void {
    this.#isIdle = this.#options.send();
    this.#arm(this.#isIdle ? EVERY_MS.idle : EVERY_MS.busy);
  }

  /** Called for a connection: after an idle time, the vitals that the supervisor has may be three seconds old. */
  wake(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#arm(WAKE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    const dueAtMs = performance.now() + delayMs;
    this.#timer = setTimeout(() => {
      this.#options.onLate(performance.now() - dueAtMs);
      this.beat();
    }, delayMs);
  }
}
