/**
 * Context windows as providers' refusals have shown them, for models whose window is unknown or configured too large. They are kept
 * in memory for an hour: a server may be restarted with another window, and learning it costs one refused call.
 */
import type { Clock } from '../../../../shared/clock.js';
import type { ContextLimit } from '../../providers/context-limit.js';
import type { ResolvedModel } from '../../providers/registry.js';

const KEPT_MS = 3_600_000;
/** A misread number must not deprive a model of its whole context. */
const MIN_WINDOW = 1_024;
/** A refused request is assumed to exceed the limit by this much, if the refusal does not state its length. */
const USED_PER_LIMIT = 1.25;
/** If it does not state the limit either, this share of the request is sent again. */
const BLIND_SHARE = 0.5;
const MAX_KEPT = 256;

export class LearnedWindows {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { readonly tokens: number; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the model with the smaller of its window and the learned one. */
  applyTo(model: ResolvedModel): ResolvedModel {
    const learned = this.#windows.get(model.ref);
    if (learned === undefined || learned.untilMs <= this.#clock.now()) return model;
    return { ...model, contextWindow: Math.min(learned.tokens, model.contextWindow ?? Infinity) };
  }

  /**
   * Learns from a refusal. The vendor's counts are scaled to our own estimates, because requests are measured with these.
   * @param estimatedTokens  of the refused request
   */
  learn({ ref }: ResolvedModel, { limitTokens, usedTokens }: ContextLimit, estimatedTokens: number): void {
    const isPlausible = limitTokens !== null && usedTokens !== null && usedTokens > limitTokens;
    const share = isPlausible ? limitTokens / usedTokens : limitTokens === null ? BLIND_SHARE : 1 / USED_PER_LIMIT;
    const tokens = Math.max(MIN_WINDOW, Math.floor(Math.min(estimatedTokens * share, limitTokens ?? Infinity)));
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size < MAX_KEPT) break;
      this.#windows.delete(oldest);
    }
    this.#windows.set(ref, { tokens, untilMs: this.#clock.now() + KEPT_MS });
  }
}
