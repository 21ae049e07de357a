/**
 * One step of an answer: calls a model, and retries a request that failed temporarily. Independent of store and tools. Nothing is
 * retried after the first text, because the reader would get it twice.
 */
import { type Clock, pause } from '../../../../shared/clock.js';
import type { GatewayError } from '../../../../shared/errors.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { asCutOff, type CutOff } from '../../../../shared/turn-usage.js';
import type { TokenUsage } from '../../providers/completion.js';
import { type Asker, describeFailure, isTransient, type ProviderFailure } from '../../providers/failure.js';
import type { ModelRequest, ToolCall } from '../../providers/provider.js';
import type { ResolvedModel } from '../../providers/registry.js';
import type { DeltaEvent } from '../turn-event.js';
import type { Purse } from '../../spending/spending.js';
import type { Span } from '../../tracing/span.js';
import { callModel } from './call-model.js';
import { estimateRequest } from './context.js';

export interface AskOptions {
  /** Called for each attempt. */
  buildRequest(): Promise<ModelRequest>;
  readonly agentId: string;
  /** Of the turn. */
  readonly span?: Span | undefined;
  readonly asker: Asker;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Pays for each step. */
  readonly purse: Purse;
  /** 0 ≤ x < 1. */
  random(): number;
  readonly logger: LogPort;
}

/** How a step ended. */
export type StepEnd =
  /** The model is done, or calls tools; `text` is that of this step. */
  | {
      readonly type: 'finished';
      readonly text: string;
      readonly calls: readonly ToolCall[];
      readonly usage: TokenUsage;
      readonly vendor: unknown;
      readonly cutOff?: CutOff | undefined;
    }
  /** It failed before its first text, so another model may be tried. */
  | { readonly type: 'unanswered'; readonly failure: ProviderFailure }
  | { readonly type: 'failed'; readonly error: GatewayError }
  | { readonly type: 'aborted' };

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
/** A provider that asks for a longer wait fails the step. */
const MAX_WAIT_MS = 15_000;
const MAX_ANSWER_CHARACTERS = 1_000_000;
const MAX_CALLS = 64;

const protocolFailure = (detail: string): ProviderFailure => ({ kind: 'protocol', status: null, detail, retryAfterMs: null });

async function* attempt(model: ResolvedModel, options: AskOptions): AsyncGenerator<DeltaEvent, StepEnd> {
  const request = await options.buildRequest();
  const paid = { ...options, inputTokens: () => estimateRequest(request) };
  const stream = callModel(model, (signal) => model.provider.stream(request, signal), paid);
  const pieces: string[] = [];
  const calls: ToolCall[] = [];
  let length = 0;
  const fail = (failure: ProviderFailure): StepEnd =>
    length > 0 ? { type: 'failed', error: describeFailure(failure, model.failing, options.asker) } : { type: 'unanswered', failure };
  for await (const event of stream) {
    switch (event.type) {
      case 'delta':
        length += event.text.length;
        pieces.push(event.text);
        yield event;
        if (length > MAX_ANSWER_CHARACTERS) return fail(protocolFailure(`more than ${MAX_ANSWER_CHARACTERS} characters`));
        break;
      case 'alive':
        break;
      case 'toolCall':
        calls.push(event.call);
        if (calls.length > MAX_CALLS) return fail(protocolFailure(`more than ${MAX_CALLS} tool calls at once`));
        break;
      case 'finish':
        return { type: 'finished', text: pieces.join(''), calls, usage: event.usage, vendor: event.vendor, cutOff: asCutOff(event.reason) };
      case 'aborted':
        return { type: 'aborted' };
      case 'failed':
        return fail(event.failure);
    }
  }
  return fail(protocolFailure('the stream closed without a terminal event'));
}

/** @returns how long to wait before the next attempt; undefined when there should be none */
export function waitBefore(failure: ProviderFailure, state: { attempts: number; random: number }): number | undefined {
  if (!isTransient(failure) || state.attempts >= MAX_ATTEMPTS) return undefined;
  const backoffMs = FIRST_WAIT_MS * 2 ** (state.attempts - 1) * (1 + state.random / 2);
  const waitMs = Math.max(backoffMs, failure.retryAfterMs ?? 0);
  return waitMs <= MAX_WAIT_MS ? waitMs : undefined;
}

/**
 * Calls one model until it answers or a retry cannot help. @throws RATE_LIMITED when a spending limit is used up; the errors of
 * `buildRequest`
 */
export async function* ask(model: ResolvedModel, options: AskOptions): AsyncGenerator<DeltaEvent, StepEnd> {
  for (let attempts = 1; ; attempts += 1) {
    if (options.signal.aborted) return { type: 'aborted' };
    const end = yield* attempt(model, options);
    if (end.type !== 'unanswered') return end;
    const { failure } = end;
    const waitMs = waitBefore(failure, { attempts, random: options.random() });
    if (waitMs === undefined) return end;
    options.logger.info({ model: model.ref, reason: failure.kind, detail: failure.detail, waitMs }, 'retrying the model call');
    await pause(waitMs, options.clock, options.signal);
  }
}
