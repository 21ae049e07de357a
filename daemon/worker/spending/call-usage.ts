/**
 * What calls used that belong to no turn. They are stored together, about a second after the first of them, so that no caller waits for it: a crash
 * loses what is not stored yet.
 */
import type { CallKind } from '../../../shared/api/gateway/usage.js';
import type { Clock } from '../../../shared/clock.js';
import { isUnavailable } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { addAmounts, addCallUsage, type CallUsage, slotOf } from '../store/overview/call-usage.js';
import type { Store } from '../store/store.js';

/** Tokens and cost of one call; null where the provider does not count, or a price is unknown. */
export interface UsedByCall {
  /** `provider/model`. */
  readonly ref: string;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly costUsd: number | null;
}

/** Who made a call, and when it began. */
export interface Caller {
  readonly kind: CallKind;
  readonly agentId: string;
  readonly tokenId: string;
  readonly tokenName: string;
  readonly atMs: number;
}

const STORE_DELAY_MS = 1_000;
/** While the store is unavailable, further ones are dropped. */
const MAX_PENDING = 1_000;

export function callUsageOf({ atMs, ...caller }: Caller, used: UsedByCall): CallUsage {
  const { ref, inputTokens, outputTokens, costUsd, ...cached } = used;
  return {
    ...caller,
    slot: slotOf(atMs),
    model: ref,
    calls: 1,
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    ...cached,
    costUsd: costUsd ?? 0,
    unpricedCalls: costUsd === null ? 1 : 0,
  };
}

export class PendingCallUsage {
  readonly #options: { readonly store: Pick<Store, 'write'>; readonly clock: Clock; readonly logger: LogPort };
  #pending = new Map<string, CallUsage>();
  #cancel: (() => void) | undefined;
  #isClosed = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { readonly store: Pick<Store, 'write'>; readonly clock: Clock; readonly logger: LogPort }) {
    this.#options = options;
  }

  note(usage: CallUsage): void {
    const { slot, kind, model, agentId, tokenId } = usage;
    const key = JSON.stringify([slot, kind, model, agentId, tokenId]);
    const other = this.#pending.get(key);
    if (this.#isClosed || (other === undefined && this.#pending.size >= MAX_PENDING)) return;
    this.#pending.set(key, other === undefined ? usage : addAmounts(usage, other));
    this.#cancel ??= this.#options.clock.after(STORE_DELAY_MS, () => void this.flush());
  }

  /** Stores what is pending. Never rejects. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Stores what is pending, and takes no more. */
  close(): Promise<void> {
    const stored = this.flush();
    this.#isClosed = true;
    return stored;
  }

  async #write(): Promise<void> {
    const used = [...this.#pending.values()];
    if (used.length === 0) return;
    this.#pending = new Map();
    try {
      await this.#options.store.write((tx) => addCallUsage(tx, used));
    } catch (error) {
      // The store reports its own failures.
      if (isUnavailable(error)) for (const usage of used) this.note(usage);
      else this.#options.logger.warn({ err: error }, 'failed to store what calls of models used');
    }
  }
}
