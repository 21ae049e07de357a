/** Loads the bundle for model vendors: on first use, or earlier in idle time. */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { AiModule } from './provider.js';

/** Leaves the first second of a new worker to requests. */
const IDLE_AFTER_MS = 1_000;

export interface AiLoaderOptions {
  load(): AiModule;
  readonly clock: Clock;
  readonly logger: LogPort;
}

export class AiLoader {
  readonly #options: AiLoaderOptions;
  #module: AiModule | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: AiLoaderOptions) {
    this.#options = options;
  }

  /** Returns the module, loaded once. @throws the error of loading; the next call tries again */
  get(): AiModule {
    this.#module ??= this.#options.load();
    return this.#module;
  }

  /** Loads the module after a second, if `isWanted` agrees then. */
  loadWhenIdle(isWanted: () => boolean): void {
    this.#cancel = this.#options.clock.after(IDLE_AFTER_MS, () => {
      if (!isWanted()) return;
      try {
        this.get();
      } catch (error) {
        this.#options.logger.error({ err: error }, 'failed to load the bundle that speaks to providers');
      }
    });
  }

  cancel(): void {
    this.#cancel?.();
  }
}
