/** Records the usage of calls outside of turns. */
import type { CallKind } from '../../../shared/api/gateway/usage.js';
import { DelayedWrite, type DelayedWriteOptions } from '../store/delayed-write.js';
import { addAmounts, addCallUsage, type CallUsage, slotOf } from '../store/overview/call-usage.js';

/** Tokens and cost of one call; null if the provider does not count, or a price is unknown. */
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

/** Returns a store for the usage of calls; no caller waits for it. */
export function pendingCallUsage(options: Pick<DelayedWriteOptions<CallUsage>, 'store' | 'clock' | 'logger'>): DelayedWrite<CallUsage> {
  return new DelayedWrite({
    ...options,
    delayMs: STORE_DELAY_MS,
    write: addCallUsage,
    problem: 'failed to store the usage of model calls',
    merging: {
      keyOf: ({ slot, kind, model, agentId, tokenId }) => JSON.stringify([slot, kind, model, agentId, tokenId]),
      merge: addAmounts,
    },
  });
}
