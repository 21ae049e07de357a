/** The parts of OpenAI's API that are passed on to a model's provider as they are. */
import { Readable } from 'node:stream';
import { forwardedAnswer, forwardedRequest } from '../../../../shared/api/openai.js';
import type { GatewayError } from '../../../../shared/errors.js';
import type { Clock } from '../../../../shared/clock.js';
import type { ForwardOutput } from '../../models/completion-call.js';
import type { CompletionService } from '../../models/completions.js';
import type { Connections } from '../connection/connections.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { openAiError } from './error.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { type Route, route } from '../route.js';
import type { HttpContext, HttpLogger } from '../context.js';

export interface OpenAiRouteDeps {
  readonly completions: CompletionService;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
}

/** Longer than any provider takes until its first byte; the service ends calls that are silent for longer. */
const FIRST_EVENT_MS = 600_000;

interface Passing {
  readonly events: PulledEvents<ForwardOutput>;
  readonly onError: (error: GatewayError) => void;
  /** Encodes an error in the middle of the answer; undefined: the connection is destroyed. */
  readonly tell: ((error: GatewayError) => string) | undefined;
}

async function* bytesOf({ events, onError, tell }: Passing): AsyncGenerator<Uint8Array | string> {
  try {
    for (;;) {
      const step = await events.wait(FIRST_EVENT_MS);
      if (step.kind === 'idle') continue;
      const output = step.kind === 'event' ? step.event : undefined;
      if (output?.type === 'end' || step.kind === 'ended') return;
      if (output?.type === 'bytes') {
        events.take();
        yield output.bytes;
        continue;
      }
      const error = output?.type === 'error' ? output.error : toGatewayError('error' in step ? step.error : undefined);
      onError(error);
      if (tell === undefined) throw error;
      return yield tell(error);
    }
  } finally {
    events.close();
  }
}

async function pass(ctx: HttpContext, events: PulledEvents<ForwardOutput>, logger: OpenAiRouteDeps['logger']): Promise<void> {
  const { requestId } = ctx.state;
  const first = await events.wait(FIRST_EVENT_MS);
  if (first.kind !== 'event' || first.event.type !== 'head') {
    events.close();
    throw toGatewayError('error' in first ? first.error : new Error('a forwarded call ended without a response'));
  }
  events.take();
  const { contentType } = first.event;
  const isStream = /^text\/event-stream\b/i.test(contentType);
  ctx.set('Content-Type', contentType);
  if (isStream) ctx.set('X-Accel-Buffering', 'no');
  const onError = (error: GatewayError): void => {
    ctx.state.errorCode = error.code;
    logger.info({ requestId, code: error.code, err: error }, 'a forwarded call failed');
  };
  const tell = (error: GatewayError): string => {
    const { message, code, param } = openAiError(error, requestId).body.error;
    return `event: error\ndata: ${JSON.stringify({ type: 'error', code, message, param })}\n\n`;
  };
  const body = Readable.from(bytesOf({ events, onError, tell: isStream ? tell : undefined }), { objectMode: false });
  // A truncated document must not look complete.
  body.once('error', () => ctx.res.destroy());
  ctx.body = body;
}

export function forwardRoutes({ completions, connections, clock, logger }: OpenAiRouteDeps): Route[] {
  return (['embeddings', 'responses'] as const).map((path) =>
    route({
      method: 'POST',
      path: `/v1/${path}`,
      summary:
        path === 'embeddings' ? 'Create embeddings; forwarded to the provider' : 'Create a model response; forwarded to the provider',
      body: forwardedRequest,
      answer: forwardedAnswer,
      ...(path === 'responses' ? { media: { 'text/event-stream': 'With `stream: true`: the provider’s events' } } : {}),
      async handle(ctx, { body }) {
        const signal = connections.abortable(ctx.res, body['stream'] === true ? 'stream' : 'request');
        await pass(ctx, new PulledEvents(completions.forward({ path, body }, signal), signal, clock), logger);
      },
    }),
  );
}
