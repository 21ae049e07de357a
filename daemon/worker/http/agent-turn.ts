/** One running agent turn as the HTTP side reads it: one answer, or a stream of server-sent events. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { AgentEvent } from '../services/contracts.js';
import { errorBody, toGatewayError } from './error-body.js';
import { comment, serverSentEvent } from './server-sent-events.js';

/** Proxies and browsers drop a stream that is silent for long. */
const HEARTBEAT_MS = 15_000;

/** What to tell a client to wait before it asks again, when the worker ends. */
const RETRY_MS = 1_000;

type DoneEvent = Extract<AgentEvent, { type: 'done' }>;
type Result = IteratorResult<AgentEvent, unknown>;

/** How waiting for the next event ended. `failed`: the turn threw. */
export type Step =
  | { readonly kind: 'event'; readonly event: AgentEvent }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly error: unknown }
  | { readonly kind: 'idle' };

/** Reads a turn one event at a time; the next one is asked for when the last has been taken. */
export class AgentTurn {
  readonly #iterator: AsyncIterator<AgentEvent>;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  #pending: Promise<Result> | undefined;

  constructor(events: AsyncIterable<AgentEvent>, signal: AbortSignal, clock: Clock) {
    this.#iterator = events[Symbol.asyncIterator]();
    this.#signal = signal;
    this.#clock = clock;
  }

  /** Waits for the next event, the signal, or `idleMs`; after `idle` the same event is still to come. */
  wait(idleMs: number): Promise<Step> {
    const signal = this.#signal;
    if (signal.aborted) return Promise.resolve({ kind: 'aborted', error: signal.reason as unknown });
    const pending = (this.#pending ??= this.#iterator.next());
    return new Promise((resolve) => {
      const cancel = this.#clock.after(idleMs, () => settle({ kind: 'idle' }));
      const onAbort = (): void => settle({ kind: 'aborted', error: signal.reason as unknown });
      const settle = (step: Step): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        resolve(step);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      pending.then(
        (result) => settle(result.done === true ? { kind: 'ended' } : { kind: 'event', event: result.value }),
        (error: unknown) => settle({ kind: 'failed', error }),
      );
    });
  }

  /** Lets go of the event that {@link wait} gave, so that the next wait asks for the next. */
  take(): void {
    this.#pending = undefined;
  }

  /** Ends the turn's iterator without waiting: one that hangs must not hang its reader. */
  close(): void {
    this.#iterator.return?.().catch(() => undefined);
  }
}

function unfinished(): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { message: 'the turn ended without an answer' });
}

/** With its details: a provider's wish to wait becomes `Retry-After`. */
function eventError({ code, message, details }: Extract<AgentEvent, { type: 'error' }>): GatewayError {
  return new GatewayError(code, { message, ...(details === undefined ? {} : { details: { ...details } }) });
}

/** The error that a step means, if it means one. */
function errorOf(step: Step): GatewayError | undefined {
  switch (step.kind) {
    case 'event':
      return step.event.type === 'error' ? eventError(step.event) : undefined;
    case 'ended':
      return unfinished();
    case 'failed':
    case 'aborted':
      return toGatewayError(step.error);
    case 'idle':
      return undefined;
  }
}

/** Reads the turn to its end. @throws what the turn failed with, or the signal's reason */
export async function readReply(turn: AgentTurn): Promise<DoneEvent> {
  try {
    for (;;) {
      const step = await turn.wait(HEARTBEAT_MS);
      const error = errorOf(step);
      if (error !== undefined) throw error;
      if (step.kind !== 'event') continue;
      if (step.event.type === 'done') return step.event;
      turn.take();
    }
  } finally {
    turn.close();
  }
}

function encode(event: AgentEvent): string {
  const { type, ...data } = event;
  return serverSentEvent(type, data);
}

/**
 * The turn as an event stream: `delta` and `tool` as they come, then one `done` or `error`. A stream that a drain ends
 * says UNAVAILABLE and when to come back.
 * @param onError  is told each error that ends the stream, for the log.
 */
export async function* streamEvents(turn: AgentTurn, requestId: string, onError: (error: GatewayError) => void): AsyncGenerator<string> {
  try {
    yield comment('open');
    for (;;) {
      const step = await turn.wait(HEARTBEAT_MS);
      const error = errorOf(step);
      if (error !== undefined) {
        onError(error);
        yield serverSentEvent('error', errorBody(error, requestId), step.kind === 'aborted' ? RETRY_MS : undefined);
        return;
      }
      if (step.kind === 'event') {
        turn.take();
        yield encode(step.event);
        if (step.event.type === 'done') return;
      } else yield comment('heartbeat');
    }
  } finally {
    turn.close();
  }
}
