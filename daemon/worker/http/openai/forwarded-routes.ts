/** The part of OpenAI's API that is passed on to a model's provider as it is: embeddings. */
import { Readable } from 'node:stream';
import { forwardedAnswer, forwardedRequest } from '../../../../shared/api/openai.js';
import type { GatewayError } from '../../../../shared/errors.js';
import type { Clock } from '../../../../shared/clock.js';
import type { ForwardOutput } from '../../models/completion-call.js';
import type { CompletionService } from '../../models/completions.js';
import type { Connections } from '../connection/connections.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { type Route, route } from '../route.js';
import type { HttpContext, HttpLogger } from '../context.js';

export interface OpenAiRouteDeps {
  readonly completions: CompletionService;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
}

/** Longer than the longest silence that can be configured (`silenceTimeoutMs`): the service ends silent calls. */
const FIRST_EVENT_MS = 3_660_000;

async function* bytesOf(events: PulledEvents<ForwardOutput>, onError: (error: GatewayError) => void): AsyncGenerator<Uint8Array> {
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
      throw error;
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
  ctx.set('Content-Type', first.event.contentType);
  const onError = (error: GatewayError): void => {
    ctx.state.errorCode = error.code;
    logger.info({ requestId, code: error.code, err: error }, 'a forwarded call failed');
  };
  const body = Readable.from(bytesOf(events, onError), { objectMode: false });
  // A truncated document must not look complete.
  body.once('error', () => ctx.res.destroy());
  ctx.body = body;
}

export function forwardRoutes({ completions, connections, clock, logger }: OpenAiRouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/embeddings',
      scope: 'chat',
      summary: 'Create embeddings; forwarded to the provider',
      errors: ['MODEL_NOT_FOUND', 'AGENT_ERROR'],
      body: forwardedRequest,
      answer: forwardedAnswer,
      async handle(ctx, { body }) {
        const signal = connections.abortable(ctx.res, 'request');
        const { access, span } = ctx.state;
        const outputs = completions.forward({ path: 'embeddings', body, tokenId: access?.id, span }, signal);
        await pass(ctx, new PulledEvents(outputs, signal, clock), logger);
      },
    }),
  ];
}
