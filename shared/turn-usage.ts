/** Usage of all model calls of a turn. Null where one of them reported no count, or a price is unknown. */
export interface TurnUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** US dollars. */
  readonly costUsd: number | null;
}

/** Why a model did not finish its answer: its limit of tokens, or the filter of its provider. */
export const CUT_OFF = ['length', 'content_filter'] as const;
export type CutOff = (typeof CUT_OFF)[number];

/** Returns a reason for which a model did not finish; undefined for any other. */
export const asCutOff = (reason: string | null | undefined): CutOff | undefined => CUT_OFF.find((one) => one === reason);

/** How one model call went. */
export interface ModelCall {
  /** `provider/model`. */
  readonly ref: string;
  /** The agent that asked; empty: the caller named the model. */
  readonly agentId: string;
  readonly endedAtMs: number;
  readonly durationMs: number;
  /** Null: it had no output. */
  readonly firstTokenMs: number | null;
  /** Null: it succeeded. */
  readonly error: string | null;
}
