/** Reads a running turn for an HTTP client: as one answer, or as a stream of server-sent events. */
import { GatewayError } from '../../../shared/errors.js';
import type { DoneEvent, TurnEvent } from '../turns/turn-event.js';
import { errorBody, toGatewayError } from '../../../shared/error-document.js';
import type { PulledEvents, Step } from './connection/pulled-events.js';
import { comment, serverSentEvent } from '../../../shared/node/server-sent-events.js';

/** Proxies and browsers drop a stream that is silent for long. */
const HEARTBEAT_MS = 15_000;

/** How long a client should wait before it asks again, when the worker ends. */
const RETRY_MS = 1_000;

function unfinished(): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { message: 'the turn ended without an answer' });
}

/** Returns the error that a step stands for, if it does. */
function errorOf(step: Step<TurnEvent>): GatewayError | undefined {
  switch (step.kind) {
    case 'event':
      return step.event.type === 'error' ? step.event.error : undefined;
    case 'ended':
      return unfinished();
    case 'failed':
    case 'aborted':
      return toGatewayError(step.error);
    case 'idle':
      return undefined;
  }
}

/**
 * Reads the turn to its end.
 * @param onAlive  called with each event before the end, and without one when the turn has been silent for a while
 * @throws the turn's error, or the signal's reason
 */
export async function readReply(turn: PulledEvents<TurnEvent>, onAlive?: (event?: TurnEvent) => void): Promise<DoneEvent> {
  try {
    for (;;) {
      const step = await turn.wait(HEARTBEAT_MS);
      const error = errorOf(step);
      if (error !== undefined) throw error;
      const event = step.kind === 'event' ? step.event : undefined;
      if (event?.type === 'done') return event;
      onAlive?.(event);
      if (event === undefined) continue;
      turn.take();
    }
  } finally {
    turn.close();
  }
}

/**
 * Encodes the turn as an event stream: `delta` and `tool` as they come, then one `done` or `error`. A stream that a drain ends
 * says UNAVAILABLE and when to come back.
 * @param onError  called with the error that ends the stream, for the log
 */
export async function* streamEvents(
  turn: PulledEvents<TurnEvent>,
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
        const { type, ...data } = step.event;
        yield serverSentEvent(type, data);
        if (type === 'done') return;
      } else yield comment('heartbeat');
    }
  } finally {
    turn.close();
  }
}
