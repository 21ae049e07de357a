/** Tracks the database's state: why it cannot be used, what was set aside, and when to retry. */
import type { Clock } from '../../../shared/clock.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { type SetAside, type StoreEngine, storeUnavailable } from './engine.js';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

export class StoreHealth {
  readonly #options: { readonly engine: StoreEngine; readonly clock: Clock; readonly logger: LogPort };
  #fault: GatewayError | undefined;
  /** The fault that was logged last. */
  #logged: string | undefined;
  #setAside: SetAside | undefined;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(options: { engine: StoreEngine; clock: Clock; logger: LogPort }) {
    this.#options = options;
  }

  /** Why the last attempt to open or to write failed; undefined while all is well. */
  get fault(): GatewayError | undefined {
    return this.#fault;
  }

  warnings(): StatusWarning[] {
    const warnings: StatusWarning[] = [];
    if (this.#fault !== undefined) {
      const { message, hint } = this.#fault;
      warnings.push({ code: 'STORE_UNAVAILABLE', message, ...(hint === undefined ? {} : { hint }) });
    }
    if (this.#setAside?.exists() === true) {
      const { message, hint } = this.#setAside;
      warnings.push({ code: 'STORE_SET_ASIDE', message, hint });
    }
    return warnings;
  }

  /** Logs each fault once; while it lasts, it is in {@link warnings}. */
  noteFault(error: unknown): GatewayError {
    const { engine, logger } = this.#options;
    const fault = this.toFault(error);
    this.#fault = fault;
    if (this.#logged !== fault.message) logger.error({ path: engine.place, err: error }, fault.message);
    this.#logged = fault.message;
    return fault;
  }

  noteSound(): void {
    const { engine, logger } = this.#options;
    if (this.#fault !== undefined) logger.info({ path: engine.place }, 'the database is available again');
    this.#fault = undefined;
    this.#logged = undefined;
    this.#retryMs = FIRST_RETRY_MS;
  }

  noteSetAside(aside: SetAside | undefined): void {
    this.#setAside = aside ?? this.#setAside;
  }

  toFault(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    const { engine } = this.#options;
    return storeUnavailable(engine.place, engine.describe(error), { cause: error });
  }

  /** Calls `retry` after a pause that grows until the database works again. */
  retryLater(retry: () => void): void {
    if (this.#isStopped) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(this.#retryMs, retry);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
  }
}
