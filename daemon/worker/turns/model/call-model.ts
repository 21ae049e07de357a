/** The only way to call a model: charges its cost, ends a silent stream, and records the outcome. */
import type { Clock } from '../../../../shared/clock.js';
import { SILENCE_TIMEOUT_MS } from '../../../../shared/config/defaults.js';
import type { TokenUsage } from '../../providers/completion.js';
import { describeFailure, type FailureKind, type ProviderFailure } from '../../providers/failure.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { costOf } from '../../providers/token-cost.js';
import type { UsedByCall } from '../../spending/call-usage.js';
import type { Purse } from '../../spending/spending.js';
import type { Span } from '../../tracing/span.js';
import { CallSpan, type Operation } from './call-span.js';
import { answerLimit, MAX_ANSWER_TOKENS } from './context.js';
import { withIdleTimeout } from './idle-timeout.js';
import { watchRequests } from './sent-requests.js';

type Failed = { readonly type: 'failed'; readonly failure: ProviderFailure };

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The agent that asks; undefined: the caller names a model. */
  readonly agentId?: string | undefined;
  /** The purpose of the call. */
  readonly span?: Span | undefined;
  readonly operation?: Operation;
  /** Charges the call. Without it, the call counts against no limit and its usage is not recorded. */
  readonly purse?: Purse | undefined;
  /** Estimates the tokens of the request. Called only if a limit applies, and for a call that did not end by itself. */
  readonly inputTokens?: () => number;
}

/** Events before the first output. */
const SILENT: ReadonlySet<string> = new Set(['alive', 'reasoning', 'reasoningEnd', 'head']);
const ENDS: ReadonlySet<string> = new Set(['finish', 'end']);
/** Failures after the vendor began to answer, unless it did so with an error status. */
const BILLED: ReadonlySet<FailureKind> = new Set(['cut', 'timeout', 'empty', 'filtered', 'invalidCall']);

const isBilled = ({ kind, status }: ProviderFailure): boolean => BILLED.has(kind) && (status ?? 200) < 300;

function failureOf(event: { readonly type: string }): ProviderFailure | undefined {
  return event.type === 'failed' ? (event as Failed).failure : undefined;
}

/** The usage and cost of a call, as far as known; undefined if a price is unknown. */
class Cost {
  readonly #model: ResolvedModel;
  readonly #inputTokens: () => number;
  #said = 0;
  #hasBegun = false;
  #isBilled = false;
  #usage: TokenUsage | undefined;

  constructor(model: ResolvedModel, inputTokens: () => number) {
    this.#model = model;
    this.#inputTokens = inputTokens;
  }

  /** The vendor bills a request that it gets and does not refuse, even if the caller leaves before the first output. */
  noteSent(): void {
    this.#isBilled = true;
  }

  note(event: { readonly type: string }): void {
    if ('text' in event && typeof event.text === 'string') this.#said += event.text.length;
    const failure = failureOf(event);
    if (failure === undefined) this.#hasBegun ||= event.type !== 'aborted';
    else if (!this.#hasBegun) this.#isBilled = isBilled(failure);
    this.#isBilled ||= this.#hasBegun;
    if (!ENDS.has(event.type)) return;
    this.#usage = (event as unknown as { readonly usage: TokenUsage }).usage;
  }

  get most(): number {
    return this.#of(this.#estimate(answerLimit(this.#model, this.#inputTokens) ?? MAX_ANSWER_TOKENS)) ?? 0;
  }

  get actual(): number {
    const { used } = this;
    return used === undefined ? 0 : (used.costUsd ?? this.#of(this.#estimate(this.#saidTokens)) ?? 0);
  }

  /** Estimates an interrupted call; undefined for a call that is not billed, and for the built-in model. */
  get used(): UsedByCall | undefined {
    const { api, ref } = this.#model;
    if (api === null || !this.#isBilled) return undefined;
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = this.#usage ?? this.#estimate(this.#saidTokens);
    const usage = { inputTokens, outputTokens, cacheReadTokens: cacheReadTokens ?? 0, cacheWriteTokens: cacheWriteTokens ?? 0 };
    return { ref, ...usage, costUsd: this.#of(usage) };
  }

  get #saidTokens(): number {
    return Math.ceil(this.#said / 4);
  }

  #estimate(outputTokens: number): TokenUsage {
    return { inputTokens: this.#inputTokens(), outputTokens };
  }

  #of(usage: TokenUsage): number | null {
    return costOf(usage, this.#model.prices);
  }
}

/**
 * Yields the events of a call. A call that the caller ends, or that is too long for the model, is not recorded: neither says
 * anything about the model.
 * @param open  starts the call with a signal that also fires on silence
 * @throws before the call: RATE_LIMITED when a spending limit is used up; UNAVAILABLE
 */
export async function* callModel<Event extends { readonly type: string }>(
  model: ResolvedModel,
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  { signal, clock, agentId = '', span: parent, operation = 'chat', purse, inputTokens = () => 0 }: CallOptions,
): AsyncGenerator<Event | Failed> {
  const { ref, failing, noteCall, silenceTimeoutMs = SILENCE_TIMEOUT_MS } = model;
  const cost = new Cost(model, inputTokens);
  const settle = await purse?.reserve(() => cost.most);
  const span = parent && new CallSpan(parent, model, { agentId, operation });
  const startedAtMs = clock.now();
  let firstTokenMs: number | null = null;
  const note = (error: string | null): void => {
    const endedAtMs = clock.now();
    noteCall?.({ ref, agentId, endedAtMs, durationMs: endedAtMs - startedAtMs, firstTokenMs, error });
  };
  try {
    const events = withIdleTimeout(open, { signal, idleMs: silenceTimeoutMs, clock });
    for await (const event of watchRequests(events, () => cost.noteSent())) {
      const failure = failureOf(event);
      cost.note(event);
      span?.note(event);
      if (ENDS.has(event.type)) note(null);
      else if (failure !== undefined && failure.kind !== 'tooLong') note(describeFailure(failure, failing, 'stateless').message);
      else if (!SILENT.has(event.type)) firstTokenMs ??= clock.now() - startedAtMs;
      yield event;
    }
  } finally {
    span?.end(firstTokenMs);
    if (settle !== undefined) await settle(cost.actual, cost.used);
  }
}
