/** The part of OpenAI's API that its SDKs and the programs built on them need: models and chat completions. */
import {
  chatCompletion,
  chatCompletionEvent,
  chatCompletionRequest,
  modelListResponse,
  modelObjectResponse,
  SESSION_HEADER,
} from '../../../../shared/api/openai.js';
import { label } from '../../../../shared/api/fields.js';
import { GatewayError } from '../../../../shared/errors.js';
import { newId } from '../../../../shared/ids.js';
import { collectCompletion, streamChunks } from './answer.js';
import { answerStream } from '../event-answer.js';
import { callerKey, TURN_IDEMPOTENCY_HEADER } from '../idempotency.js';
import { customNames, readCompletionCall } from './read-request.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { type Route, route } from '../route.js';
import type { RouteDeps, Services } from '../services.js';
import { forwardRoutes } from './forwarded-routes.js';
import { isAgentAllowed } from '../../access/allowed.js';
import type { HttpContext } from '../context.js';
import { sessionOf, TURN_ERRORS } from '../turn-requests.js';

/** @param startedAtMs  used as the creation time of every model, which is unknown. */
function modelRoutes(completions: Services['completions'], startedAtMs: number): Route[] {
  const created = Math.floor(startedAtMs / 1_000);
  const created_at = new Date(startedAtMs).toISOString();
  const list = async ({ state: { access } }: HttpContext) =>
    (await completions.models())
      .filter(({ id }) => isAgentAllowed(access, completions.agentOf(id)))
      .map(({ id, owner }) => {
        const model = 'model' as const;
        return { id, object: model, created, owned_by: owner, type: model, display_name: id, created_at };
      });
  return [
    route({
      method: 'GET',
      path: '/v1/models',
      scope: 'chat',
      agentOf: 'filtered',
      summary: 'List the values of `model`: agents and models',
      answer: modelListResponse,
      async handle(ctx) {
        const data = await list(ctx);
        return { object: 'list', data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
      },
    }),
    route({
      method: 'GET',
      // Clients send the slash of provider/model either as is or escaped.
      path: '/v1/models/{*id}',
      scope: 'chat',
      agentOf: 'filtered',
      summary: 'Read one model',
      errors: ['MODEL_NOT_FOUND'],
      params: { id: () => label(200) },
      answer: modelObjectResponse,
      async handle(ctx) {
        const id = decodeURIComponent(ctx.path.slice('/v1/models/'.length));
        const found = (await list(ctx)).find((model) => model.id === id);
        if (found === undefined)
          throw new GatewayError('MODEL_NOT_FOUND', {
            message: `There is no model '${id.slice(0, 200)}'.`,
            details: { model: id.slice(0, 200) },
          });
        return found;
      },
    }),
  ];
}

export function openAiRoutes(deps: RouteDeps): Route[] {
  const { services, connections, clock, logger } = deps;
  const { completions } = services;
  return [
    ...modelRoutes(completions, clock.now()),
    ...forwardRoutes(deps),
    route({
      method: 'POST',
      path: '/v1/chat/completions',
      scope: 'chat',
      agentOf: ({ model }) => completions.agentOf(model),
      summary: 'Create a chat completion with an agent or a model',
      errors: TURN_ERRORS,
      body: chatCompletionRequest,
      answer: chatCompletion,
      media: { 'text/event-stream': 'With `stream: true`: chunks in OpenAI’s format, then `[DONE]`, or an error' },
      stream: { name: 'ChatCompletionChunk', data: chatCompletionEvent },
      headers: {
        [SESSION_HEADER]: 'A session; the last message becomes a turn in it, and earlier messages come from the session',
        ...TURN_IDEMPOTENCY_HEADER,
      },
      async handle(ctx, { body }) {
        const { access, span } = ctx.state;
        const call = { ...readCompletionCall(body, sessionOf(ctx), callerKey(ctx)), tokenId: access?.id, span };
        const isStream = body.stream === true;
        const signal = connections.abortable(ctx.res, isStream ? 'stream' : 'request');
        const events = new PulledEvents(completions.run(call, signal), signal, clock);
        const head = { id: newId('chat').replace('_', 'cmpl-'), created: Math.floor(clock.now() / 1_000), model: body.model };
        const shape = { head, custom: customNames(body) };
        const includeUsage = body.stream_options?.include_usage === true;
        if (isStream)
          return await answerStream(ctx, events, {
            logger,
            encode: (report) => streamChunks(events, { ...report, ...shape, includeUsage }),
          });
        return await collectCompletion(events, shape);
      },
    }),
  ];
}
