/** `/v1/responses`: OpenAI's Responses API for agents and models. */
import { SESSION_HEADER } from '../../../../shared/api/openai.js';
import { responseDocument } from '../../../../shared/api/responses/document.js';
import { responseEvent } from '../../../../shared/api/responses/events.js';
import { itemList, itemListQuery, responseDeleted, responseQuery } from '../../../../shared/api/responses/lists.js';
import { responseRequest } from '../../../../shared/api/responses/request.js';
import type { PreparedResponse, ResponseCaller, ResponseName } from '../../responses/responses.js';
import { PulledEvents } from '../connection/pulled-events.js';
import type { HttpContext } from '../context.js';
import { answerStream, reportOf, sendEvents } from '../event-answer.js';
import { callerKey, RESPONSE_IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';
import { sessionOf, TURN_ERRORS } from '../turn-requests.js';
import { collectResponse, followedText, streamResponse } from './create-response.js';
import { nameOf, ONE, toList, viewerOf } from './names.js';

const EVENTS = { name: 'ResponseEvent', data: responseEvent } as const;

/** Answers with the response in its current state, or with its events from the first or after a number. */
async function answerEvents(ctx: HttpContext, deps: RouteDeps, { name, after }: { name: ResponseName; after: number }): Promise<void> {
  const signal = deps.connections.abortable(ctx.res, 'stream');
  const events = await deps.services.responses.follow(name, after, signal);
  const report = reportOf(ctx, deps.logger, 'the stream of a response ended before its end');
  sendEvents(ctx, followedText(events, { ...report, after }));
}

async function answerBackground(
  ctx: HttpContext,
  deps: RouteDeps,
  { prepared, caller }: { prepared: PreparedResponse; caller: ResponseCaller },
): Promise<object | undefined> {
  const document = await deps.services.responses.enqueue(prepared, caller);
  if (prepared.request.stream !== true) return document;
  await answerEvents(ctx, deps, { name: { id: document.id, viewer: undefined }, after: -1 });
  return undefined;
}

function createRoute(deps: RouteDeps): Route {
  const { services, connections, clock, logger } = deps;
  const { responses, completions } = services;
  return route({
    method: 'POST',
    path: '/v1/responses',
    scope: 'chat',
    agentOf: ({ model }) => completions.agentOf(model),
    summary: 'Create a response with an agent or a model',
    errors: ['NOT_FOUND', ...TURN_ERRORS],
    body: responseRequest,
    answer: responseDocument,
    media: { 'text/event-stream': 'With `stream: true`: the events of OpenAI’s Responses API' },
    stream: EVENTS,
    headers: {
      [SESSION_HEADER]: 'A session; the last message becomes a turn in it, and earlier messages come from the session',
      ...RESPONSE_IDEMPOTENCY_HEADER,
    },
    async handle(ctx, { body }) {
      const { access, span } = ctx.state;
      const caller = { session: sessionOf(ctx), idempotency: callerKey(ctx), owner: access?.id ?? null, viewer: viewerOf(ctx), span };
      const prepared = await responses.prepare(body, caller);
      if (body.background === true) return await answerBackground(ctx, deps, { prepared, caller });
      const signal = connections.abortable(ctx.res, body.stream === true ? 'stream' : 'request');
      const events = new PulledEvents(responses.run(prepared, signal), signal, clock);
      const running = { responses, prepared, events, clock };
      if (body.stream === true) return await answerStream(ctx, events, { logger, encode: (report) => streamResponse(running, report) });
      return await collectResponse(running);
    },
  });
}

function readRoutes(deps: RouteDeps): Route[] {
  const { responses } = deps.services;
  return [
    route({
      ...ONE,
      method: 'GET',
      path: '/v1/responses/:id',
      summary: 'Read a stored response',
      query: responseQuery,
      answer: responseDocument,
      media: {
        'text/event-stream': 'With `stream=true`, of a response in the background: its events after `starting_after`, as they come',
      },
      stream: EVENTS,
      async handle(ctx, { params, query: { stream, starting_after: after } }) {
        if (stream) return await answerEvents(ctx, deps, { name: nameOf(ctx, params), after });
        return await responses.get(nameOf(ctx, params));
      },
    }),
    route({
      ...ONE,
      method: 'POST',
      path: '/v1/responses/:id/cancel',
      summary: 'Cancel a response in the background',
      answer: responseDocument,
      handle: async (ctx, { params }) => await responses.cancel(nameOf(ctx, params)),
    }),
  ];
}

export function responseRoutes(deps: RouteDeps): Route[] {
  const { responses } = deps.services;
  return [
    createRoute(deps),
    ...readRoutes(deps),
    route({
      ...ONE,
      method: 'DELETE',
      path: '/v1/responses/:id',
      summary: 'Delete a stored response',
      answer: responseDeleted,
      async handle(ctx, { params }) {
        const name = nameOf(ctx, params);
        await responses.remove(name);
        return { id: name.id, object: 'response', deleted: true };
      },
    }),
    route({
      ...ONE,
      method: 'GET',
      path: '/v1/responses/:id/input_items',
      summary: 'List what a stored response was asked',
      query: itemListQuery,
      answer: itemList,
      handle: async (ctx, { params, query }) => toList(await responses.inputItems(nameOf(ctx, params), query)),
    }),
  ];
}
