/** Computes the cost of tokens. */
import type { ModelConfig } from '../../../shared/config/models-schema.js';
import type { TurnUsage } from '../../../shared/turn-usage.js';
import type { CompletionUsage } from './completion.js';
import type { TokenUsage } from './provider.js';

/** US dollars per million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

const MILLION = 1_000_000;

/** A missing price of the cache is that of the input, not zero: spending limits must err on the safe side. */
export function pricesOf({ cost }: Pick<ModelConfig, 'cost'>): TokenPrices | null {
  return cost === undefined ? null : { ...cost, cacheRead: cost.cacheRead ?? cost.input, cacheWrite: cost.cacheWrite ?? cost.input };
}

/** Returns what a stateless call used as a turn counts it. */
export function tokenUsage({ inputTokens, outputTokens, cachedTokens: cacheReadTokens, cacheWriteTokens }: CompletionUsage): TokenUsage {
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens };
}

export function costOf(usage: TokenUsage, prices: TokenPrices | null): number | null {
  const { inputTokens, outputTokens } = usage;
  if (prices === null || inputTokens === null || outputTokens === null) return null;
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const fresh = Math.max(0, inputTokens - cacheRead - cacheWrite);
  return (fresh * prices.input + cacheRead * prices.cacheRead + cacheWrite * prices.cacheWrite + outputTokens * prices.output) / MILLION;
}

/** Adds two counts; null if one of them is unknown. */
export const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/** Adds the usage of a call. A missing count makes the sum null, because a partial sum would look complete. */
export function addUsage(total: TurnUsage | null, usage: TokenUsage, prices: TokenPrices | null): TurnUsage {
  const costUsd = costOf(usage, prices);
  return {
    inputTokens: total === null ? usage.inputTokens : sum(total.inputTokens, usage.inputTokens),
    outputTokens: total === null ? usage.outputTokens : sum(total.outputTokens, usage.outputTokens),
    cacheReadTokens: (total?.cacheReadTokens ?? 0) + (usage.cacheReadTokens ?? 0),
    cacheWriteTokens: (total?.cacheWriteTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
    costUsd: total === null ? costUsd : sum(total.costUsd, costUsd),
  };
}
