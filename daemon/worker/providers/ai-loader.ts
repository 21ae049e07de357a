/** Loads the bundle that speaks to model vendors: when it is first needed, or before that in idle time. */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { AiModule } from './provider.js';

/** By then the first requests of a new worker have had their turn. */
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

  /** The module, loaded once. @throws what loading it throws; the next call tries again */
  get(): AiModule {
    this.#module ??= this.#options.load();
    return this.#module;
  }

  /** Loads it a little later, unless `isWanted` says no then. */
  loadWhenIdle(isWanted: () => boolean): void {
    this.#cancel = this.#options.clock.after(IDLE_AFTER_MS, () => {
      if (!isWanted()) return;
      try {
        this.get();
      } catch (error) {
        this.#options.logger.error({ err: error }, 'the part of the gateway that speaks to providers does not load');
      }
    });
  }

  cancel(): void {
    this.#cancel?.();
  }
}
