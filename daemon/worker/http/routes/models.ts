import { modelsResponse, providersResponse, providerTestRequest, providerTestResponse } from '../../../../shared/api/models.js';
import { definedFields } from '../../../../shared/fields.js';
import { OWNER_ONLY, type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

export function modelRoutes({ services: { models } }: RouteDeps): Route[] {
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
  ];
}
