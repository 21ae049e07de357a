import {
  modelAskRequest,
  modelAskResponse,
  modelsResponse,
  providersResponse,
  providerTestRequest,
  providerTestResponse,
} from '../../../../shared/api/models.js';
import { definedFields } from '../../../../shared/fields.js';
import { collectedOutputs } from '../completion-outputs.js';
import { PulledEvents } from '../connection/pulled-events.js';
import { OWNER_ONLY, type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

const QUESTION = { role: 'user', content: [{ type: 'text', text: 'Reply with the single word OK.' }] } as const;
/** In this API, a picture is an answer too. */
const ANY_ANSWER = { api: 'chat-completions', fields: {} } as const;

export function modelRoutes({ services: { models, completions }, connections, clock }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/providers',
      scope: 'read',
      summary: 'List the model providers',
      answer: providersResponse,
      handle: async () => ({ status: 'ok', providers: await models.providers() }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/providers/test',
      isChange: false,
      summary: 'Test a provider, saved or not',
      body: providerTestRequest,
      answer: providerTestResponse,
      handle: async (_ctx, { body }) => ({ status: 'ok', ...(await models.test(definedFields(body))) }),
    }),
    route({
      method: 'GET',
      path: '/api/models',
      scope: 'chat',
      summary: 'List the available models',
      answer: modelsResponse,
      handle: async () => ({ status: 'ok', ...(await models.models()) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/models/ask',
      isChange: false,
      summary: 'Ask a model one short question, and measure how long the answer takes',
      errors: ['MODEL_NOT_FOUND', 'AGENT_ERROR', 'STOPPING'],
      body: modelAskRequest,
      answer: modelAskResponse,
      async handle(ctx, { body: { model } }) {
        const { access, span } = ctx.state;
        const startedAt = performance.now();
        const signal = connections.abortable(ctx.res, 'request');
        const call = { model, messages: [QUESTION], extra: ANY_ANSWER, tokenId: access?.id, span };
        for await (const _output of collectedOutputs(new PulledEvents(completions.run(call, signal), signal, clock)));
        return { status: 'ok', latencyMs: Math.round(performance.now() - startedAt) };
      },
    }),
  ];
}
