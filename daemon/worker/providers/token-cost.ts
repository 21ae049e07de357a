/** Computes the cost of tokens. */
import type { ModelConfig } from '../../../shared/config/models-schema.js';
import type { TurnUsage } from '../../../shared/turn-usage.js';
import type { TokenUsage } from './completion.js';

/** US dollars per million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

const MILLION = 1_000_000;

/** A missing cache price defaults to the input price, not to zero: spending limits must err on the safe side. */
export function pricesOf({ cost }: Pick<ModelConfig, 'cost'>): TokenPrices | null {
  return cost === undefined ? null : { ...cost, cacheRead: cost.cacheRead ?? cost.input, cacheWrite: cost.cacheWrite ?? cost.input };
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
const sum = (a: number | null = null, b: number | null = null): number | null => (a === null || b === null ? null : a + b);

/** Adds the usage of two calls. A missing count makes the sum null, because a partial sum would look complete. */
export function addTokens(total: TokenUsage | undefined, usage: TokenUsage): TokenUsage {
  if (total === undefined) return usage;
  return {
    inputTokens: sum(total.inputTokens, usage.inputTokens),
    outputTokens: sum(total.outputTokens, usage.outputTokens),
    cacheReadTokens: sum(total.cacheReadTokens, usage.cacheReadTokens),
    cacheWriteTokens: sum(total.cacheWriteTokens, usage.cacheWriteTokens),
    reasoningTokens: sum(total.reasoningTokens, usage.reasoningTokens),
  };
}

/** Adds the usage of a call to that of its turn, where missing counts of the cache are 0. */
export function addUsage(total: TurnUsage | null, usage: TokenUsage, prices: TokenPrices | null): TurnUsage {
  const costUsd = costOf(usage, prices);
  const { inputTokens, outputTokens } = addTokens(total ?? undefined, usage);
  return {
    inputTokens,
    outputTokens,
    cacheReadTokens: (total?.cacheReadTokens ?? 0) + (usage.cacheReadTokens ?? 0),
    cacheWriteTokens: (total?.cacheWriteTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
    costUsd: total === null ? costUsd : sum(total.costUsd, costUsd),
  };
}
