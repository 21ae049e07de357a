/** Usage of all model calls of a turn. Null where one of them reported no count, or a price is unknown. */
export interface TurnUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** US dollars. */
  readonly costUsd: number | null;
}
