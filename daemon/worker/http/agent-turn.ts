/** Reads a running turn for an HTTP client: as one answer, or as a stream of server-sent events. */
import type { AgentResponse } from '../../../shared/api/agent.js';
import { GatewayError } from '../../../shared/errors.js';
import { type DoneEvent, toUsage, type TurnEvent } from '../turns/turn-event.js';
import { errorBody, toGatewayError } from '../../../shared/error-document.js';
import type { PulledEvents } from './connection/pulled-events.js';
import type { StreamReport } from './event-answer.js';
import { comment, serverSentEvent } from '../../../shared/node/server-sent-events.js';

/** How long a client should wait before it retries after the worker has ended. */
const RETRY_MS = 1_000;

function unfinished(): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { message: 'the turn ended without an answer' });
}

/** Returns the answer for callers. */
const answerOf = ({ type: _type, usage, ...answer }: DoneEvent): Omit<AgentResponse, 'status'> => ({ ...answer, usage: toUsage(usage) });

/**
 * Reads the turn to its end.
 * @param onAlive  called with each event before the end, and without one when the turn has been silent for a while
 * @throws the turn's error, or the signal's reason
 */
export async function readReply(turn: PulledEvents<TurnEvent>, onAlive?: (event?: TurnEvent) => void): Promise<AgentResponse> {
  for await (const event of turn) {
    if (event?.type === 'error') throw event.error;
    if (event?.type === 'done') return { status: 'ok', ...answerOf(event) };
    onAlive?.(event);
  }
  throw unfinished();
}

/**
 * Encodes the turn as an event stream: `delta` and `tool` as they arrive, then one `done` or `error`. A stream ended by a drain
 * reports UNAVAILABLE and when to retry.
 */
export async function* streamEvents(turn: PulledEvents<TurnEvent>, { requestId, onError }: StreamReport): AsyncGenerator<string> {
  try {
    yield comment('open');
    for await (const event of turn) {
      if (event === undefined) yield comment('heartbeat');
      else if (event.type === 'error') throw event.error;
      else if (event.type === 'done') return void (yield serverSentEvent('done', answerOf(event)));
      else {
        const { type, ...data } = event;
        yield serverSentEvent(type, data);
      }
    }
    throw unfinished();
  } catch (thrown) {
    const error = toGatewayError(thrown);
    onError(error);
    yield serverSentEvent('error', errorBody(error, requestId), turn.isAborted ? RETRY_MS : undefined);
  } finally {
    turn.close();
  }
}
