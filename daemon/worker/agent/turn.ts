/**
 * One answer: asks the chosen model, repeats what may succeed, falls back to the next model. Knows no store.
 * Nothing is repeated once a word has been said: the reader would get it twice.
 */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { describeFailure } from '../providers/describe-failure.js';
import { isTransient, type ModelRequest, type ProviderFailure, type TokenUsage } from '../providers/provider.js';
import type { ResolvedModel } from '../providers/registry.js';
import { withIdleTimeout } from './idle-timeout.js';

/** A model in the order of preference; one that cannot be used carries the reason. */
export type Candidate = { readonly ref: string } & ({ readonly model: ResolvedModel } | { readonly problem: GatewayError });

/** Any number of `delta`, then exactly one of the others. */
export type TurnEvent =
  | { readonly type: 'delta'; readonly text: string }
  | { readonly type: 'finished'; readonly ref: string; readonly usage: TokenUsage }
  | { readonly type: 'failed'; readonly ref: string; readonly error: GatewayError }
  | { readonly type: 'aborted'; readonly ref: string };

export interface AnswerOptions {
  /** At least one. */
  readonly candidates: readonly Candidate[];
  /** What a model is asked: its context window decides how much. */
  buildRequest(model: ResolvedModel): Promise<ModelRequest>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  random(): number;
  readonly logger: LogPort;
}

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
/** Who is asked to wait longer gets told instead. */
const MAX_WAIT_MS = 15_000;
/** Local models may think for minutes before the first word. */
const IDLE_TIMEOUT_MS = 240_000;
const MAX_ANSWER_CHARACTERS = 1_000_000;

/** How one attempt ended. */
type Attempt = { readonly type: 'ended'; readonly event: TurnEvent } | { readonly type: 'failed'; readonly failure: ProviderFailure };

const TOO_MUCH: ProviderFailure = {
  kind: 'protocol',
  status: null,
  detail: `more than ${MAX_ANSWER_CHARACTERS} characters`,
  retryAfterMs: null,
};

async function* attempt(model: ResolvedModel, options: AnswerOptions): AsyncGenerator<TurnEvent, Attempt> {
  const request = await options.buildRequest(model);
  const stream = withIdleTimeout((signal) => model.provider.stream(request, signal), {
    signal: options.signal,
    idleMs: IDLE_TIMEOUT_MS,
    clock: options.clock,
  });
  let said = 0;
  const fail = (failure: ProviderFailure): Attempt => {
    const event: TurnEvent = { type: 'failed', ref: model.ref, error: describeFailure(failure, model.failing) };
    return said > 0 ? { type: 'ended', event } : { type: 'failed', failure };
  };
  for await (const event of stream) {
    switch (event.type) {
      case 'delta':
        said += event.text.length;
        yield event;
        if (said > MAX_ANSWER_CHARACTERS) return fail(TOO_MUCH);
        break;
      case 'finish':
        return { type: 'ended', event: { type: 'finished', ref: model.ref, usage: event.usage } };
      case 'aborted':
        return { type: 'ended', event: { type: 'aborted', ref: model.ref } };
      case 'failed':
        return fail(event.failure);
    }
  }
  return fail({ kind: 'protocol', status: null, detail: 'the stream ended without an end', retryAfterMs: null });
}

/** @returns how long to wait before the next attempt; undefined when there should be none */
function waitBefore(failure: ProviderFailure, state: { attempts: number; random: number }): number | undefined {
  if (!isTransient(failure) || state.attempts >= MAX_ATTEMPTS) return undefined;
  const backoffMs = FIRST_WAIT_MS * 2 ** (state.attempts - 1) * (1 + state.random / 2);
  const waitMs = Math.max(backoffMs, failure.retryAfterMs ?? 0);
  return waitMs <= MAX_WAIT_MS ? waitMs : undefined;
}

function sleep(ms: number, options: AnswerOptions): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      options.signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = options.clock.after(ms, done);
    options.signal.addEventListener('abort', done, { once: true });
  });
}

/** Asks one model until it answers or there is no point in asking again. */
async function* ask(model: ResolvedModel, options: AnswerOptions): AsyncGenerator<TurnEvent, Attempt> {
  for (let attempts = 1; ; attempts += 1) {
    if (options.signal.aborted) return { type: 'ended', event: { type: 'aborted', ref: model.ref } };
    const result = yield* attempt(model, options);
    if (result.type === 'ended') return result;
    const waitMs = waitBefore(result.failure, { attempts, random: options.random() });
    if (waitMs === undefined) return result;
    options.logger.info(
      { model: model.ref, reason: result.failure.kind, detail: result.failure.detail, waitMs },
      'the model is asked again',
    );
    await sleep(waitMs, options);
  }
}

interface ModelError {
  readonly ref: string;
  readonly error: GatewayError;
}

/** The first model's error is the answer to the user's question; that others failed too is said after it. */
function combine(first: ModelError, others: readonly ModelError[]): TurnEvent {
  if (others.length === 0) return { type: 'failed', ...first };
  const also = others.map(({ ref, error }) => `${ref}: ${error.message}`).join(' ');
  const { code, details } = first.error;
  const message = `${first.error.message} The fallback${others.length > 1 ? 's' : ''} failed too: ${also}`;
  return {
    type: 'failed',
    ref: first.ref,
    error: new GatewayError(code, { message, ...(details === undefined ? {} : { details }), cause: first.error }),
  };
}

/** Runs the candidates in order until one answers. Never throws for a provider's sake. */
export async function* answer(options: AnswerOptions): AsyncGenerator<TurnEvent> {
  const errors: ModelError[] = [];
  for (const candidate of options.candidates) {
    if ('problem' in candidate) {
      errors.push({ ref: candidate.ref, error: candidate.problem });
    } else {
      const result = yield* ask(candidate.model, options);
      if (result.type === 'ended') {
        yield result.event;
        return;
      }
      errors.push({ ref: candidate.ref, error: describeFailure(result.failure, candidate.model.failing) });
    }
    const last = errors.at(-1);
    options.logger.warn({ model: candidate.ref, err: last?.error, candidates: options.candidates.length }, 'the model did not answer');
  }
  const [first, ...others] = errors;
  if (first !== undefined) yield combine(first, others);
}
