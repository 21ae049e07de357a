/** Answers with a stream of events: of a turn, a completion, or the gateway. */
import { Readable } from 'node:stream';
import { toGatewayError } from '../../../shared/error-document.js';
import type { GatewayError } from '../../../shared/errors.js';
import { comment, EVENT_STREAM_HEADERS } from '../../../shared/node/server-sent-events.js';
import type { PulledEvents } from './connection/pulled-events.js';
import type { HttpContext, HttpLogger } from './context.js';

/** Small, so that a slow reader slows the writer down instead of filling memory. */
const STREAM_BUFFER_BYTES = 16_384;

/** What a stream's encoder needs to report an error in mid-stream. */
export interface StreamReport {
  readonly requestId: string;
  /** Called with the error that ends the stream, for the log. */
  readonly onError: (error: GatewayError) => void;
}

/** Records the error that ends a stream, unless its client has disconnected. @param message  the message of the log line */
export function reportOf(ctx: HttpContext, logger: HttpLogger, message: string): StreamReport {
  const { requestId, route } = ctx.state;
  return {
    requestId,
    onError(error) {
      if (ctx.res.destroyed) return;
      ctx.state.errorCode = error.code;
      logger.info({ requestId, route, code: error.code, err: error }, message);
    },
  };
}

export function sendEvents(ctx: HttpContext, text: AsyncIterable<string>): void {
  ctx.set(EVENT_STREAM_HEADERS);
  ctx.body = Readable.from(text, { objectMode: false, highWaterMark: STREAM_BUFFER_BYTES });
}

/** SDKs react to the HTTP status of a failure. */
const FIRST_EVENT_MS = 10_000;

export interface StreamedAnswer {
  readonly logger: HttpLogger;
  /** A failure within this time is answered with its status; a later one is an event in the stream. Default: 10 s. */
  readonly firstEventMs?: number;
  /** Yields the stream's text; called once. */
  readonly encode: (report: StreamReport) => AsyncIterable<string>;
}

/** Answers with a stream that the caller has started. @throws a failure before the first event, which is answered with its status */
export async function answerStream(
  ctx: HttpContext,
  events: PulledEvents<unknown>,
  { logger, firstEventMs = FIRST_EVENT_MS, encode }: StreamedAnswer,
): Promise<void> {
  const first = await events.wait(firstEventMs);
  if (first.kind === 'failed' || first.kind === 'aborted') {
    events.close();
    throw toGatewayError(first.error);
  }
  sendEvents(ctx, encode(reportOf(ctx, logger, 'a stream ended with an error')));
}

/**
 * Encodes events for a client until it disconnects or the worker ends. Never throws, because the client reconnects.
 * @param first  sent at once, with the headers
 */
export async function* streamText<Event>(
  events: PulledEvents<Event>,
  first: string,
  encode: (event: Event) => string,
): AsyncGenerator<string> {
  try {
    yield first;
    for await (const event of events) yield event === undefined ? comment('heartbeat') : encode(event);
  } catch {
    // The end of the stream reports it.
  } finally {
    events.close();
  }
}
