/**
 * One step of an answer: asks a model, and repeats what may succeed. Knows no store and no tools.
 * Nothing is repeated once a word has been said: the reader would get it twice.
 */
import type { Clock } from '../../../../shared/clock.js';
import type { GatewayError } from '../../../../shared/errors.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { describeFailure } from '../../providers/describe-failure.js';
import { isTransient, type ModelRequest, type ProviderFailure, type TokenUsage, type ToolCall } from '../../providers/provider.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { withIdleTimeout } from './idle-timeout.js';

export interface AskOptions {
  /** Made anew for each attempt. */
  buildRequest(): Promise<ModelRequest>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  random(): number;
  readonly logger: LogPort;
}

/** How a step ended. */
export type StepEnd =
  /** The model has said all, or wants tools to run; `said` is what it said in this step. */
  | {
      readonly type: 'finished';
      readonly said: string;
      readonly calls: readonly ToolCall[];
      readonly usage: TokenUsage;
      readonly vendor: unknown;
    }
  /** It failed before it said a word: another model may be asked. */
  | { readonly type: 'silent'; readonly failure: ProviderFailure }
  | { readonly type: 'failed'; readonly error: GatewayError }
  | { readonly type: 'aborted' };

export interface Delta {
  readonly type: 'delta';
  readonly text: string;
}

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
/** Who is asked to wait longer gets told instead. */
const MAX_WAIT_MS = 15_000;
/** Local models may think for minutes before the first word. */
const IDLE_TIMEOUT_MS = 240_000;
const MAX_ANSWER_CHARACTERS = 1_000_000;
const MAX_CALLS = 64;

const nonsense = (detail: string): ProviderFailure => ({ kind: 'protocol', status: null, detail, retryAfterMs: null });

async function* attempt(model: ResolvedModel, options: AskOptions): AsyncGenerator<Delta, StepEnd> {
  const request = await options.buildRequest();
  const stream = withIdleTimeout((signal) => model.provider.stream(request, signal), {
    signal: options.signal,
    idleMs: IDLE_TIMEOUT_MS,
    clock: options.clock,
  });
  const said: string[] = [];
  const calls: ToolCall[] = [];
  let length = 0;
  const fail = (failure: ProviderFailure): StepEnd =>
    length > 0 ? { type: 'failed', error: describeFailure(failure, model.failing) } : { type: 'silent', failure };
  for await (const event of stream) {
    switch (event.type) {
      case 'delta':
        length += event.text.length;
        said.push(event.text);
        yield event;
        if (length > MAX_ANSWER_CHARACTERS) return fail(nonsense(`more than ${MAX_ANSWER_CHARACTERS} characters`));
        break;
      case 'alive':
        break;
      case 'toolCall':
        calls.push(event.call);
        if (calls.length > MAX_CALLS) return fail(nonsense(`more than ${MAX_CALLS} tool calls at once`));
        break;
      case 'finish':
        return { type: 'finished', said: said.join(''), calls, usage: event.usage, vendor: event.vendor };
      case 'aborted':
        return { type: 'aborted' };
      case 'failed':
        return fail(event.failure);
    }
  }
  return fail(nonsense('the stream ended without an end'));
}

/** @returns how long to wait before the next attempt; undefined when there should be none */
function waitBefore(failure: ProviderFailure, state: { attempts: number; random: number }): number | undefined {
  if (!isTransient(failure) || state.attempts >= MAX_ATTEMPTS) return undefined;
  const backoffMs = FIRST_WAIT_MS * 2 ** (state.attempts - 1) * (1 + state.random / 2);
  const waitMs = Math.max(backoffMs, failure.retryAfterMs ?? 0);
  return waitMs <= MAX_WAIT_MS ? waitMs : undefined;
}

function sleep(ms: number, options: AskOptions): Promise<void> {
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
export async function* ask(model: ResolvedModel, options: AskOptions): AsyncGenerator<Delta, StepEnd> {
  for (let attempts = 1; ; attempts += 1) {
    if (options.signal.aborted) return { type: 'aborted' };
    const end = yield* attempt(model, options);
    if (end.type !== 'silent') return end;
    const { failure } = end;
    const waitMs = waitBefore(failure, { attempts, random: options.random() });
    if (waitMs === undefined) return end;
    options.logger.info({ model: model.ref, reason: failure.kind, detail: failure.detail, waitMs }, 'the model is asked again');
    await sleep(waitMs, options);
  }
}
