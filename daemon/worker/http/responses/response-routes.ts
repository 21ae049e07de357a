/** `/v1/responses`: OpenAI's Responses API for agents and models. */
import { responseDocument, type ResponseDocument } from '../../../../shared/api/responses/document.js';
import type { ResponseEvent } from '../../../../shared/api/responses/events.js';
import { responseRequest } from '../../../../shared/api/responses/request.js';
import { SESSION_HEADER } from '../../../../shared/api/openai.js';
import type { Clock } from '../../../../shared/clock.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { newId } from '../../../../shared/ids.js';
import { comment, serverSentEvent } from '../../../../shared/node/server-sent-events.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import type { CompletionService } from '../../models/completions.js';
import { newResponse } from '../../responses/new-response.js';
import { toCall } from '../../responses/response-call.js';
import { ResponseWriter } from '../../responses/response-writer.js';
import { answerStream, collectedOutputs, outputsOf, type StreamReport } from '../completion-outputs.js';
import type { Connections } from '../connection/connections.js';
import { PulledEvents } from '../connection/pulled-events.js';
import type { HttpLogger } from '../context.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import { sessionOf } from '../session-header.js';

export interface ResponseRouteDeps {
  readonly completions: CompletionService;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
}

interface Running {
  readonly events: PulledEvents<CompletionOutput>;
  readonly writer: ResponseWriter;
  readonly clock: Clock;
}

const toText = (events: readonly ResponseEvent[]): string => events.map((event) => serverSentEvent(event.type, event)).join('');

async function collect({ events, writer, clock }: Running): Promise<ResponseDocument> {
  for await (const output of collectedOutputs(events)) if (output.type !== 'error') writer.write(output, clock.now());
  return writer.document;
}

/** A failure after the first output is an event too. */
async function* streamEvents({ events, writer, clock }: Running, report: StreamReport): AsyncGenerator<string> {
  yield toText(writer.begin('response.created', 'response.in_progress'));
  try {
    for await (const output of outputsOf(events)) {
      if (output === undefined) yield comment('heartbeat');
      else if (output.type !== 'error') yield toText(writer.write(output, clock.now()));
    }
  } catch (thrown) {
    const error = toGatewayError(thrown);
    report.onError(error);
    yield toText(writer.fail(error, clock.now()));
  }
}

export function responseRoutes({ completions, connections, clock, logger }: ResponseRouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/responses',
      scope: 'chat',
      agentOf: ({ model }) => completions.agentOf(model),
      summary: 'Create a response with an agent or a model',
      body: responseRequest,
      answer: responseDocument,
      media: { 'text/event-stream': 'With `stream: true`: the events of OpenAI’s Responses API' },
      headers: {
        [SESSION_HEADER]: 'A session; the last message becomes a turn in it, and earlier messages come from the session',
        'Idempotency-Key': `${IDEMPOTENCY_HEADER['Idempotency-Key']}. Only with a session: other calls are not stored`,
      },
      async handle(ctx, { body }) {
        const session = sessionOf(ctx);
        const idempotency = callerKey(ctx);
        const items = typeof body.input === 'string' ? [{ role: 'user' as const, content: body.input }] : body.input;
        const call = { ...toCall(body, { before: [], items }), idempotency, ...(session === undefined ? {} : { session }) };
        const head = { id: newId('resp'), created_at: Math.floor(clock.now() / 1_000), status: 'in_progress' } as const;
        const signal = connections.abortable(ctx.res, body.stream === true ? 'stream' : 'request');
        const events = new PulledEvents(completions.run(call, signal), signal, clock);
        const running = { events, clock, writer: new ResponseWriter(newResponse(body, head)) };
        if (body.stream === true) return await answerStream(ctx, events, { logger, encode: (report) => streamEvents(running, report) });
        ctx.body = await collect(running);
      },
    }),
  ];
}
