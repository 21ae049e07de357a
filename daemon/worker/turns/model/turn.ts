/**
 * One answer: asks the chosen model, runs the tools that it calls, asks it again with their results, and falls back to
 * the next model. Knows no store. What tools have done stays done: a model that takes over gets their results.
 */
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { describeFailure } from '../../providers/describe-failure.js';
import type {
  ModelRequest,
  ProviderFailure,
  ToolCall,
  ToolCallMessage,
  ToolDefinition,
  ToolResult,
  ToolResultMessage,
} from '../../providers/provider.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { addUsage, type TurnUsage } from '../../providers/token-cost.js';
import { ask, type Delta, type StepEnd } from './ask.js';

/** A model in the order of preference; one that cannot be used carries the reason. */
export type Candidate = { readonly ref: string } & ({ readonly model: ResolvedModel } | { readonly problem: GatewayError });

/** What happens to a tool call, for people: `detail` is its input or its output, shortened. */
export interface ToolEvent {
  readonly type: 'tool';
  readonly name: string;
  readonly state: 'call' | 'result' | 'error';
  readonly detail: string;
}

/** Any number of `delta` and `tool`, then exactly one of the others. `usage` is null where no model counted. */
export type TurnEvent =
  | Delta
  | ToolEvent
  | { readonly type: 'finished'; readonly ref: string; readonly usage: TurnUsage | null }
  | { readonly type: 'failed'; readonly ref: string; readonly error: GatewayError; readonly usage: TurnUsage | null }
  | { readonly type: 'aborted'; readonly ref: string; readonly usage: TurnUsage | null };

/** What models said to tools in this turn, and what tools said. */
export type StepMessage = ToolCallMessage | ToolResultMessage;

export interface TurnTools {
  readonly definitions: readonly ToolDefinition[];
  /** How often a model may call tools in one turn. */
  readonly maxIterations: number;
  /** Runs the calls of one step. @returns a result for each, in their order. Never throws */
  run(calls: readonly ToolCall[]): AsyncGenerator<ToolEvent, ToolResult[]>;
}

/** What the next request of a turn is made of. */
export interface StepRequest {
  readonly model: ResolvedModel;
  readonly steps: readonly StepMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly isLastStep: boolean;
}

export interface AnswerOptions {
  /** At least one. */
  readonly candidates: readonly Candidate[];
  /** What a model is asked: its context window decides how much. */
  buildRequest(step: StepRequest): Promise<ModelRequest>;
  readonly tools: TurnTools;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  random(): number;
  readonly logger: LogPort;
}

/** How small local models and their servers say it. */
export const REFUSES_TOOLS =
  /(not support|requires?|no endpoints found that support)\b.*\btool|\btools?\b.*\b(not supported|requires?|unsupported)/i;

/** Whether the same request without tools may succeed. */
function isAboutTools({ kind, status, detail }: ProviderFailure): boolean {
  return (kind === 'rejected' || kind === 'notFound' || status === 500) && REFUSES_TOOLS.test(detail);
}

/** Whether the model called a tool though it was told that it must not any more. */
const isToolCallAgain = ({ kind, detail }: ProviderFailure): boolean => kind === 'protocol' && /tool call/i.test(detail);

interface ModelError {
  readonly ref: string;
  readonly error: GatewayError;
}

/** The first model's error is the answer to the user's question; that others failed too is said after it. */
function combine(first: ModelError, others: readonly ModelError[]): ModelError {
  if (others.length === 0) return first;
  const also = others.map(({ ref, error }) => `${ref}: ${error.message}`).join(' ');
  const { code, details } = first.error;
  const message = `${first.error.message} The fallback${others.length > 1 ? 's' : ''} failed too: ${also}`;
  const combined = new GatewayError(code, { message, ...(details === undefined ? {} : { details }), cause: first.error });
  return { ref: first.ref, error: combined };
}

class Answer {
  readonly #options: AnswerOptions;
  readonly #steps: StepMessage[] = [];
  #iterations = 0;
  #usage: TurnUsage | null = null;
  #lastWord = '';

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  get #isLastStep(): boolean {
    return this.#iterations >= this.#options.tools.maxIterations;
  }

  async *run(): AsyncGenerator<TurnEvent> {
    const errors: ModelError[] = [];
    for (const candidate of this.#options.candidates) {
      const { ref } = candidate;
      const failure = 'problem' in candidate ? candidate.problem : yield* this.#useModel(candidate.model);
      if (failure === undefined) return;
      errors.push({ ref, error: failure });
      this.#options.logger.warn({ model: ref, err: failure, candidates: this.#options.candidates.length }, 'the model did not answer');
    }
    const [first, ...others] = errors;
    if (first !== undefined) yield { type: 'failed', ...combine(first, others), usage: this.#usage };
  }

  /** @returns why the next model should be asked; undefined when the last event has been given */
  async *#useModel(model: ResolvedModel): AsyncGenerator<TurnEvent, GatewayError | undefined> {
    const { ref } = model;
    let usesTools = true;
    for (;;) {
      const end = yield* this.#step(model, usesTools);
      if (end.type === 'aborted') {
        yield { type: 'aborted', ref, usage: this.#usage };
        return undefined;
      }
      if (end.type === 'failed') {
        yield { type: 'failed', ref, error: end.error, usage: this.#usage };
        return undefined;
      }
      if (end.type === 'silent') {
        if (this.#isLastStep && isToolCallAgain(end.failure)) {
          yield { type: 'failed', ref, error: this.#neverEnding(model), usage: this.#usage };
          return undefined;
        }
        if (!usesTools || !isAboutTools(end.failure)) return describeFailure(end.failure, model.failing);
        this.#options.logger.warn({ model: ref, detail: end.failure.detail }, 'the model takes no tools; it is asked without them');
        usesTools = false;
        continue;
      }
      this.#usage = addUsage(this.#usage, end.usage, model.prices);
      if (end.calls.length === 0) {
        yield { type: 'finished', ref, usage: this.#usage };
        return undefined;
      }
      if (this.#isLastStep) {
        yield { type: 'failed', ref, error: this.#neverEnding(model), usage: this.#usage };
        return undefined;
      }
      yield* this.#runTools(ref, end);
    }
  }

  async *#step(model: ResolvedModel, usesTools: boolean): AsyncGenerator<TurnEvent, StepEnd> {
    const { tools } = this.#options;
    const isLastStep = this.#isLastStep;
    const definitions = usesTools ? tools.definitions : [];
    const words = ask(model, {
      ...this.#options,
      buildRequest: () => this.#options.buildRequest({ model, steps: this.#steps, tools: definitions, isLastStep }),
    });
    let isFirst = true;
    for (;;) {
      const next = await words.next();
      if (next.done === true) return next.value;
      // What a model says before and after a tool call is two paragraphs.
      if (isFirst && this.#lastWord !== '' && !/\s$/.test(this.#lastWord)) yield { type: 'delta', text: '\n\n' };
      isFirst = false;
      this.#lastWord = next.value.text;
      yield next.value;
    }
  }

  async *#runTools(ref: string, step: Extract<StepEnd, { type: 'finished' }>): AsyncGenerator<TurnEvent> {
    const { said, calls, vendor } = step;
    this.#iterations += 1;
    const results = yield* this.#options.tools.run(calls);
    this.#steps.push({ role: 'toolCalls', content: said, calls, ref, vendor }, { role: 'toolResults', results });
  }

  #neverEnding({ failing }: ResolvedModel): GatewayError {
    const { maxIterations } = this.#options.tools;
    return new GatewayError('AGENT_ERROR', {
      message: `${failing.modelId} of ${failing.providerName} called tools ${maxIterations} times and wanted to go on instead of answering.`,
      details: { provider: failing.providerName, reason: 'toolLoop' },
      hint: 'Ask for less at once, or raise agents.defaults.maxToolIterations.',
    });
  }
}

/** Runs the candidates in order until one answers. Never throws for a provider's sake. */
export function answer(options: AnswerOptions): AsyncGenerator<TurnEvent> {
  return new Answer(options).run();
}
