/** The part of OpenAI's API that is passed on to a model's provider unchanged: embeddings. */
import { Readable } from 'node:stream';
import { forwardedAnswer, forwardedRequest } from '../../../../shared/api/openai.js';
import type { ForwardOutput } from '../../models/completion-call.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';
import type { HttpContext, HttpLogger } from '../context.js';
import { reportOf, type StreamReport } from '../event-answer.js';

/** Longer than the longest silence that can be configured (`silenceTimeoutMs`): the service ends silent calls. */
const FIRST_EVENT_MS = 3_660_000;

async function* bytesOf(events: PulledEvents<ForwardOutput>, { onError }: StreamReport): AsyncGenerator<Uint8Array> {
  try {
    for await (const output of events) {
      if (output?.type === 'error') throw output.error;
      if (output?.type === 'end') return;
      if (output?.type === 'bytes') yield output.bytes;
    }
  } catch (error) {
    onError(toGatewayError(error));
    throw error;
  }
}

async function pass(ctx: HttpContext, events: PulledEvents<ForwardOutput>, logger: HttpLogger): Promise<void> {
  const first = await events.wait(FIRST_EVENT_MS);
  if (first.kind !== 'event' || first.event.type !== 'head') {
    events.close();
    throw toGatewayError('error' in first ? first.error : new Error('a forwarded call ended without a response'));
  }
  events.take();
  ctx.set('Content-Type', first.event.contentType);
  const report = reportOf(ctx, logger, 'a forwarded call failed');
  const body = Readable.from(bytesOf(events, report), { objectMode: false });
  // A truncated document must not look complete.
  body.once('error', () => ctx.res.destroy());
  ctx.body = body;
}

export function forwardRoutes({ services: { completions }, connections, clock, logger }: RouteDeps): Route[] {
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
