/**
 * Generates one answer: calls the chosen model, runs its tool calls, calls it with the results, and falls back to
 * the next model. A model that takes over gets the results of the tools that already ran.
 */
import { GatewayError } from '../../../../shared/errors.js';
import { sayOfAnswer } from '../../../../shared/text/sentences/answer.js';
import { withNewestPictures } from '../../files/pictures.js';
import { describeFailure, mayPass, type ProviderFailure } from '../../providers/failure.js';
import type { ModelRequest, ToolCall, ToolDefinition, ToolResult } from '../../providers/provider.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { addUsage } from '../../providers/token-cost.js';
import type { StoredStep } from '../../store/turns/turn-steps.js';
import type { DeltaEvent, ToolEvent, TurnOutcome } from '../turn-event.js';
import { ask, type AskOptions, type StepEnd } from './ask.js';
import { estimateRequest, type StepMessage } from './context.js';
import { nothingToReport } from './nothing-to-report.js';
import type { LearnedWindows } from './learned-windows.js';

/** A model in the order of preference; one that cannot be used carries the reason. */
export type Candidate = { readonly ref: string } & ({ readonly model: ResolvedModel } | { readonly problem: GatewayError });

/** How an answer ended, and which model answered last. */
export type AnswerEnd = Omit<TurnOutcome, 'reply' | 'model'> & { readonly model: string };

/** A step of a model that called tools. */
export interface CalledStep {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** The model, `provider/model`, and the step in its vendor's own form. */
  readonly ref: string;
  readonly vendor?: unknown;
  /** Of this step and all before it. */
  readonly usage: TurnOutcome['usage'];
}

type AnswerEvents<End> = AsyncGenerator<DeltaEvent | ToolEvent, End>;

export interface TurnTools {
  readonly definitions: readonly ToolDefinition[];
  /** How many steps of one turn may call tools. */
  readonly maxIterations: number;
  /** Runs the calls of a step that are not done. @returns their results. @throws UNAVAILABLE after a takeover */
  run(step: CalledStep | StoredStep): AsyncGenerator<ToolEvent, ToolResult[] | 'waiting'>;
}

/** The parts of a turn's next request. */
export interface StepRequest {
  readonly model: ResolvedModel;
  readonly steps: readonly StepMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly isLastStep: boolean;
}

export interface AnswerOptions extends Omit<AskOptions, 'buildRequest'> {
  /** At least one. */
  readonly candidates: readonly Candidate[];
  /** Builds a request that fits the model's context window. */
  buildRequest(step: StepRequest): Promise<ModelRequest>;
  readonly tools: TurnTools;
  /** The steps finished before: their text is repeated, and the answer continues from them. Default: none. */
  readonly steps?: readonly StoredStep[];
  readonly windows: LearnedWindows;
}

/** Error texts of models and servers that do not support tools. */
export const REFUSES_TOOLS =
  /(not support|requires?|no endpoints found that support)\b.*\btool|\btools?\b.*\b(not supported|requires?|unsupported)/i;

/** Whether the same request without tools may succeed. */
function isAboutTools({ kind, status, detail }: ProviderFailure): boolean {
  return (kind === 'rejected' || kind === 'notFound' || status === 500) && REFUSES_TOOLS.test(detail);
}

/**
 * Whether the request may succeed without images: one is broken or too large for the vendor, the model accepts none, or they make the request
 * too large. @param isShortened  whether a shorter conversation was refused too
 */
const isAboutPictures = ({ kind, detail, context }: ProviderFailure, isShortened: boolean): boolean =>
  ((kind === 'rejected' || kind === 'notFound') && /image|payload size/i.test(detail)) ||
  (context !== undefined && (context.limitTokens === null || isShortened));

const showsPictures = ({ messages }: ModelRequest): boolean =>
  messages.some((message) =>
    message.role === 'toolResults'
      ? message.results.some(({ images }) => images !== undefined)
      : message.role === 'user' && message.images !== undefined,
  );

/** Whether the model called a tool although the request forbade it. */
const isForbiddenToolCall = ({ kind, detail }: ProviderFailure): boolean =>
  kind === 'invalidCall' || (kind === 'protocol' && /tool call/i.test(detail));

/** The previous step ended the turn, so the model is not called again. */
interface SilentEnd {
  readonly type: 'silent';
  readonly reason: string;
}

interface ModelError {
  readonly ref: string;
  readonly error: GatewayError;
}

/** Returns the separator between two texts of an answer. */
export const paragraphGap = (before: string): string => (before === '' || /\s$/.test(before) ? '' : '\n\n');

/** The error of a model that calls tools again in its last step. */
export function toolLoop({ failing }: ResolvedModel, { maxIterations }: TurnTools): GatewayError {
  return new GatewayError('AGENT_ERROR', {
    message: sayOfAnswer('turn-tool-loop', { model: failing.modelId, provider: failing.providerName, count: maxIterations }),
    details: { provider: failing.providerName, reason: 'toolLoop' },
    hint: 'Send a smaller request, or raise agents.defaults.maxToolIterations.',
  });
}

/** Whether a retry may fix the failure of a model. One that cannot be called at all does not count. */
const isTemporary = ({ error }: ModelError): boolean => error.details?.['reason'] !== undefined && mayPass(error);

/** Returns the first model's error with those of the fallbacks appended: a temporary one if one of them is. */
function combine(first: ModelError, others: readonly ModelError[]): ModelError {
  if (others.length === 0) return first;
  const all = [first, ...others];
  const { code, details } = (all.find(isTemporary) ?? first).error;
  const message = all
    .map(({ error }) => error.message)
    .reduceRight((cause, what, at) => {
      const { ref } = others[at] as ModelError;
      return sayOfAnswer(at === 0 ? 'with-fallback' : 'with-next-fallback', { what, ref, cause });
    });
  const combined = new GatewayError(code, { message, ...(details === undefined ? {} : { details }), cause: first.error });
  return { ref: first.ref, error: combined };
}

class Answer {
  readonly #options: AnswerOptions;
  #steps: readonly StepMessage[] = [];
  #iterations = 0;
  /** Of the last request. */
  #estimatedTokens = 0;
  #hasPictures = false;
  #usage: TurnOutcome['usage'] = null;
  #lastText = '';

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  get #isLastStep(): boolean {
    return this.#iterations >= this.#options.tools.maxIterations;
  }

  async *run(): AnswerEvents<AnswerEnd> {
    const { candidates, logger, steps = [] } = this.#options;
    for (const step of steps)
      if (!(yield* this.#goOnFrom(step))) return { state: 'waiting', model: step.ref, usage: this.#usage, error: null };
    const errors: ModelError[] = [];
    for (const candidate of candidates) {
      const { ref } = candidate;
      const end = 'problem' in candidate ? candidate.problem : yield* this.#useModel(candidate.model);
      if (!(end instanceof GatewayError)) return end;
      errors.push({ ref, error: end });
      logger.warn({ model: ref, err: end, candidates: candidates.length }, 'the model did not answer');
    }
    const [first, ...others] = errors;
    if (first === undefined) throw new Error('a turn without a model');
    const { ref, error } = combine(first, others);
    return { state: 'error', model: ref, usage: this.#usage, error };
  }

  /** @returns the end of the answer, or the reason to try the next model */
  async *#useModel(model: ResolvedModel): AnswerEvents<AnswerEnd | GatewayError> {
    const { ref } = model;
    const endAs = (state: AnswerEnd['state'], error: GatewayError | null = null): AnswerEnd => {
      return { state, model: ref, usage: this.#usage, error };
    };
    const { windows, asker, logger, tools } = this.#options;
    let usesTools = true;
    let takesImages = true;
    let isShortened = false;
    for (;;) {
      const end = yield* this.#step(windows.applyTo(takesImages ? model : { ...model, takesImages }), usesTools);
      switch (end.type) {
        case 'silent':
          return { ...endAs('done'), nothingToReport: end.reason };
        case 'aborted':
          return endAs('aborted');
        case 'failed':
          return endAs('error', end.error);
        case 'unanswered':
          if (this.#isLastStep && isForbiddenToolCall(end.failure)) return endAs('error', toolLoop(model, tools));
          if (usesTools && isAboutTools(end.failure)) {
            logger.warn({ model: ref, detail: end.failure.detail }, 'the model does not support tools; calling it without tools');
            usesTools = false;
          } else if (takesImages && this.#hasPictures && isAboutPictures(end.failure, isShortened)) {
            logger.warn({ model: ref, detail: end.failure.detail }, 'the model refuses images; calling it without them');
            takesImages = false;
          } else if (end.failure.context !== undefined && !isShortened) {
            windows.learn(model, end.failure.context, this.#estimatedTokens);
            logger.warn({ model: ref, ...end.failure.context }, 'the conversation is too long for the model; sending its newest part');
            isShortened = true;
          } else return describeFailure(end.failure, model.failing, asker);
          break;
        case 'finished':
          this.#usage = addUsage(this.#usage, end.usage, model.prices);
          if (end.calls.length === 0) return { ...endAs('done'), cutOff: end.cutOff };
          if (this.#isLastStep) return endAs('error', toolLoop(model, tools));
          if (!(yield* this.#runTools(ref, end))) return endAs('waiting');
      }
    }
  }

  /** A limit that a step hits, such as on spending, ends the answer with the text so far. */
  async *#step(model: ResolvedModel, usesTools: boolean): AnswerEvents<StepEnd | SilentEnd> {
    const reason = nothingToReport(this.#steps);
    if (reason !== undefined) return { type: 'silent', reason };
    try {
      return yield* this.#ask(model, usesTools);
    } catch (error) {
      if (error instanceof GatewayError && error.spec.expose) return { type: 'failed', error };
      throw error;
    }
  }

  async *#ask(model: ResolvedModel, usesTools: boolean): AnswerEvents<StepEnd> {
    const { tools } = this.#options;
    const isLastStep = this.#isLastStep;
    const definitions = usesTools ? tools.definitions : [];
    const events = ask(model, {
      ...this.#options,
      buildRequest: async () => {
        const request = await this.#options.buildRequest({ model, steps: this.#steps, tools: definitions, isLastStep });
        this.#estimatedTokens = estimateRequest(request);
        this.#hasPictures = showsPictures(request);
        return request;
      },
    });
    let isFirst = true;
    try {
      for (;;) {
        const next = await events.next();
        if (next.done === true) return next.value;
        if (isFirst) yield* this.#beginParagraph();
        isFirst = false;
        this.#lastText = next.value.text;
        yield next.value;
      }
    } finally {
      await events.return(undefined as never);
    }
  }

  async *#runTools(ref: string, step: Extract<StepEnd, { type: 'finished' }>): AnswerEvents<boolean> {
    const { text, calls, vendor } = step;
    return yield* this.#useTools({ text, calls, ref, vendor, usage: this.#usage });
  }

  /** Texts before and after a tool call are two paragraphs. */
  *#beginParagraph(): Generator<DeltaEvent> {
    const gap = paragraphGap(this.#lastText);
    if (gap !== '') yield { type: 'delta', text: gap };
  }

  async *#goOnFrom(step: StoredStep): AnswerEvents<boolean> {
    if (step.text !== '') {
      yield* this.#beginParagraph();
      yield { type: 'delta', text: step.text };
      this.#lastText = step.text;
    }
    this.#usage = step.usage;
    return yield* this.#useTools(step);
  }

  /** @returns false when the turn waits */
  async *#useTools(called: CalledStep | StoredStep): AnswerEvents<boolean> {
    const { text: content, calls, ref, vendor } = called;
    this.#iterations += 1;
    const results = yield* this.#options.tools.run(called);
    if (results === 'waiting') return false;
    const step: readonly StepMessage[] = [
      { role: 'toolCalls', content, calls, ref, vendor },
      { role: 'toolResults', results },
    ];
    this.#steps = withNewestPictures([...this.#steps, ...step]);
    return true;
  }
}

/** Calls the candidates in order until one answers. A provider's failure is returned as the end, never thrown. */
export function answer(options: AnswerOptions): AnswerEvents<AnswerEnd> {
  return new Answer(options).run();
}
