/** `/v1/responses`: OpenAI's Responses API for agents and models. */
import { label } from '../../../../shared/api/fields.js';
import { SESSION_HEADER } from '../../../../shared/api/openai.js';
import { responseDocument } from '../../../../shared/api/responses/document.js';
import { itemList, itemListQuery, responseDeleted } from '../../../../shared/api/responses/lists.js';
import { responseRequest } from '../../../../shared/api/responses/request.js';
import { validate } from '../../../../shared/api/validate.js';
import type { Clock } from '../../../../shared/clock.js';
import type { CompletionService } from '../../models/completions.js';
import type { ItemList, ResponseService } from '../../responses/responses.js';
import { answerStream } from '../completion-outputs.js';
import type { Connections } from '../connection/connections.js';
import { PulledEvents } from '../connection/pulled-events.js';
import type { HttpContext, HttpLogger } from '../context.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import { sessionOf } from '../session-header.js';
import { collectResponse, streamResponse } from './create-response.js';

export interface ResponseRouteDeps {
  readonly responses: ResponseService;
  readonly completions: Pick<CompletionService, 'agentOf'>;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
}

const idLabel = () => label(200);

/** A token of a program sees what was created with it. */
const viewerOf = ({ state: { access } }: HttpContext): string | undefined =>
  access?.scopes.includes('admin') === true ? undefined : access?.id;

const nameOf = (ctx: HttpContext) => ({ id: validate(idLabel(), ctx.params['id'], 'id'), viewer: viewerOf(ctx) });

function toList({ items, hasMore }: ItemList) {
  const data = [...items];
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: hasMore };
}

function createRoute({ responses, completions, connections, clock, logger }: ResponseRouteDeps): Route {
  return route({
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
      'Idempotency-Key': `${IDEMPOTENCY_HEADER['Idempotency-Key']}. Only with a session`,
    },
    async handle(ctx, { body }) {
      const caller = { session: sessionOf(ctx), idempotency: callerKey(ctx), owner: ctx.state.access?.id ?? null, viewer: viewerOf(ctx) };
      const prepared = await responses.prepare(body, caller);
      const signal = connections.abortable(ctx.res, body.stream === true ? 'stream' : 'request');
      const events = new PulledEvents(responses.run(prepared, signal), signal, clock);
      const running = { responses, prepared, events, clock };
      if (body.stream === true) return await answerStream(ctx, events, { logger, encode: (report) => streamResponse(running, report) });
      ctx.body = await collectResponse(running);
    },
  });
}

export function responseRoutes(deps: ResponseRouteDeps): Route[] {
  const { responses } = deps;
  return [
    createRoute(deps),
    route({
      method: 'GET',
      path: '/v1/responses/:id',
      scope: 'chat',
      agentOf: 'filtered',
      summary: 'Read a stored response',
      params: { id: idLabel },
      answer: responseDocument,
      async handle(ctx) {
        ctx.body = await responses.get(nameOf(ctx));
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/responses/:id',
      scope: 'chat',
      agentOf: 'filtered',
      summary: 'Delete a stored response',
      params: { id: idLabel },
      answer: responseDeleted,
      async handle(ctx) {
        const name = nameOf(ctx);
        await responses.remove(name);
        ctx.body = { id: name.id, object: 'response', deleted: true };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/responses/:id/input_items',
      scope: 'chat',
      agentOf: 'filtered',
      summary: 'List what a stored response was asked',
      params: { id: idLabel },
      query: itemListQuery,
      answer: itemList,
      async handle(ctx, { query }) {
        ctx.body = toList(await responses.inputItems(nameOf(ctx), query));
      },
    }),
  ];
}
