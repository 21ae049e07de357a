/** Reads a running completion for an HTTP client, whatever API the client speaks. The encodings are in `openai/` and its neighbours. */
import { Readable } from 'node:stream';
import { toGatewayError } from '../../../shared/error-document.js';
import { GatewayError } from '../../../shared/errors.js';
import { EVENT_STREAM_HEADERS } from '../../../shared/node/server-sent-events.js';
import type { CompletionOutput } from '../models/completion-call.js';
import type { PulledEvents, Step } from './connection/pulled-events.js';
import type { HttpContext, HttpLogger } from './context.js';

/** Proxies and browsers drop a stream that is silent for long. */
const HEARTBEAT_MS = 15_000;

/** A failure within this time is answered with its status, which SDKs act on; a later one is an event in the stream. */
const FIRST_EVENT_MS = 10_000;

/** Small, so that a client that reads slowly slows the model down instead of filling memory. */
const STREAM_BUFFER_BYTES = 16_384;

/** In characters. Longer than any model's answer. Streams are not collected and have no such limit. */
const MAX_COLLECTED = 16_000_000;

/** Returns the error that a step stands for, if it does. */
function errorOf(step: Step<CompletionOutput>): GatewayError | undefined {
  switch (step.kind) {
    case 'event':
      return step.event.type === 'error' ? step.event.error : undefined;
    case 'ended':
      return new GatewayError('INTERNAL_ERROR', { message: 'the completion stream closed without a terminal event' });
    case 'failed':
    case 'aborted':
      return toGatewayError(step.error);
    case 'idle':
      return undefined;
  }
}

/** Yields every output until the end; undefined when a heartbeat is due. @throws the completion's error, or the signal's reason */
export async function* outputsOf(events: PulledEvents<CompletionOutput>): AsyncGenerator<CompletionOutput | undefined> {
  try {
    for (;;) {
      const step = await events.wait(HEARTBEAT_MS);
      const error = errorOf(step);
      if (error !== undefined) throw error;
      if (step.kind === 'event') {
        events.take();
        yield step.event;
        if (step.event.type === 'finish') return;
      } else yield undefined;
    }
  } finally {
    events.close();
  }
}

/** Yields every output of an answer that is sent as one document. @throws as {@link outputsOf}; AGENT_ERROR for an answer without an end */
export async function* collectedOutputs(events: PulledEvents<CompletionOutput>): AsyncGenerator<CompletionOutput> {
  let length = 0;
  for await (const output of outputsOf(events)) {
    if (output === undefined) continue;
    if ('text' in output) length += output.text.length;
    if (length > MAX_COLLECTED)
      throw new GatewayError('AGENT_ERROR', {
        message: `The answer is longer than ${MAX_COLLECTED} characters.`,
        hint: 'Use "stream": true.',
      });
    yield output;
  }
}

/** What an encoding of a stream needs to report an error in the middle of it. */
export interface StreamReport {
  readonly requestId: string;
  /** Called with the error that ends the stream, for the log. */
  readonly onError: (error: GatewayError) => void;
}

/**
 * Answers with an event stream.
 * @param encode  yields the stream's text; called once
 * @throws a failure before the first output, which is answered with its status
 */
export async function answerStream(
  ctx: HttpContext,
  events: PulledEvents<CompletionOutput>,
  { logger, encode }: { readonly logger: HttpLogger; readonly encode: (report: StreamReport) => AsyncIterable<string> },
): Promise<void> {
  const { requestId } = ctx.state;
  const first = await events.wait(FIRST_EVENT_MS);
  if (first.kind === 'failed' || first.kind === 'aborted') {
    events.close();
    throw toGatewayError(first.error);
  }
  ctx.set(EVENT_STREAM_HEADERS);
  const onError = (error: GatewayError): void => {
    if (ctx.res.destroyed) return;
    ctx.state.errorCode = error.code;
    logger.info({ requestId, code: error.code, err: error }, 'completion stream ended with an error');
  };
  ctx.body = Readable.from(encode({ requestId, onError }), { objectMode: false, highWaterMark: STREAM_BUFFER_BYTES });
}
