/** One running agent turn as the HTTP side reads it: one answer, or a stream of server-sent events. */
import { GatewayError } from '../../../shared/errors.js';
import type { AgentEvent } from '../contracts.js';
import { errorBody, toGatewayError } from './error-body.js';
import type { PulledEvents, Step } from './connection/pulled-events.js';
import { comment, serverSentEvent } from './connection/server-sent-events.js';

/** Proxies and browsers drop a stream that is silent for long. */
const HEARTBEAT_MS = 15_000;

/** What to tell a client to wait before it asks again, when the worker ends. */
const RETRY_MS = 1_000;

type DoneEvent = Extract<AgentEvent, { type: 'done' }>;

function unfinished(): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { message: 'the turn ended without an answer' });
}

/** With its details: a provider's wish to wait becomes `Retry-After`. */
function eventError({ code, message, details }: Extract<AgentEvent, { type: 'error' }>): GatewayError {
  return new GatewayError(code, { message, ...(details === undefined ? {} : { details: { ...details } }) });
}

/** The error that a step means, if it means one. */
function errorOf(step: Step<AgentEvent>): GatewayError | undefined {
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
export async function readReply(turn: PulledEvents<AgentEvent>): Promise<DoneEvent> {
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
export async function* streamEvents(
  turn: PulledEvents<AgentEvent>,
  requestId: string,
  onError: (error: GatewayError) => void,
): AsyncGenerator<string> {
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
