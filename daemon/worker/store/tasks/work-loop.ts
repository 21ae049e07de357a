/**
 * The loop of a background task: it looks for work in the store when it is woken, and again after the delay that the last look returned. Wakes
 * during a look cause one more look. After a failure it pauses as {@link StoreWait} says.
 */
import { StoreWait } from '../store-wait.js';
import type { Deps } from './worker-deps.js';

export interface WorkLoopOptions extends Deps<'clock' | 'logger'> {
  /** Logged when a look fails. */
  readonly problem: string;
  /** @returns ms until the next look; undefined: none until it is woken */
  readonly look: () => Promise<number | undefined>;
  /** Calls `wake` after changes by other workers. @returns a function that ends that */
  readonly listen: (wake: () => void) => () => void;
}

export class WorkLoop {
  readonly #options: WorkLoopOptions;
  readonly #wait: StoreWait;
  #state: 'idle' | 'active' | 'stopped' = 'idle';
  #isWoken = false;
  #looking: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #endNews: (() => void) | undefined;

  constructor(options: WorkLoopOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, options.problem);
  }

  /** Looks at once. A start that comes after {@link stop} does nothing. Never rejects. */
  async start(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'active';
    this.#endNews = this.#options.listen(() => void this.wake());
    await this.wake();
  }

  /** Looks at once, or again after the current look. Resolves when nothing is left to look at. Never rejects. */
  async wake(): Promise<void> {
    if (this.#state !== 'active') return;
    this.#isWoken = true;
    this.#looking ??= this.#lookUntilQuiet();
    await this.#looking;
  }

  /** Waits for the current look and begins no other. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#endNews?.();
    this.#cancelTimer?.();
    await this.#looking;
  }

  async #lookUntilQuiet(): Promise<void> {
    let waitMs: number | undefined;
    while (this.#isWoken && this.#state === 'active') {
      this.#isWoken = false;
      this.#cancelTimer?.();
      try {
        waitMs = await this.#options.look();
        this.#wait.succeeded();
      } catch (error) {
        waitMs = this.#wait.failed(error);
      }
    }
    this.#looking = undefined;
    if (waitMs !== undefined && this.#state === 'active') this.#cancelTimer = this.#options.clock.after(waitMs, () => void this.wake());
  }
}
