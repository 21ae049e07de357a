import type { ModelService } from '../../services/contracts.js';
import { type Route, route } from '../route.js';

export function modelRoutes(models: ModelService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/providers',
      async handle(ctx) {
        ctx.body = { status: 'ok', providers: await models.providers() };
      },
    }),
    route({
      method: 'GET',
      path: '/api/models',
      async handle(ctx) {
        ctx.body = { status: 'ok', models: await models.models() };
      },
    }),
  ];
}
