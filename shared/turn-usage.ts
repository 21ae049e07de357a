/** Usage of all model calls of a turn. Values are null if a call reported no count or a price is unknown. */
export interface TurnUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** US dollars. */
  readonly costUsd: number | null;
}

/** Why a model did not finish its answer: its token limit, or its provider's filter. */
export const CUT_OFF = ['length', 'content_filter'] as const;
export type CutOff = (typeof CUT_OFF)[number];

/** Returns the reason why a model did not finish; undefined for any other finish reason. */
export const asCutOff = (reason: string | null | undefined): CutOff | undefined => CUT_OFF.find((one) => one === reason);

/** The outcome of one model call. */
export interface ModelCall {
  /** `provider/model`. */
  readonly ref: string;
  /** The agent that made the call; empty if the caller named the model. */
  readonly agentId: string;
  readonly endedAtMs: number;
  readonly durationMs: number;
  /** Null if it had no output. */
  readonly firstTokenMs: number | null;
  /** Null if it succeeded. */
  readonly error: string | null;
}
