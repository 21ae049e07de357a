import { modelsResponse, providersResponse } from '../../../../shared/api/models.js';
import type { ModelService } from '../../services/contracts.js';
import { type Route, route } from '../route.js';

export function modelRoutes(models: ModelService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/providers',
      summary: 'List the providers of models',
      answer: providersResponse,
      async handle(ctx) {
        ctx.body = { status: 'ok', providers: await models.providers() };
      },
    }),
    route({
      method: 'GET',
      path: '/api/models',
      summary: 'List the models that can be used',
      answer: modelsResponse,
      async handle(ctx) {
        ctx.body = { status: 'ok', models: await models.models() };
      },
    }),
  ];
}
