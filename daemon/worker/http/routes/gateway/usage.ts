import { usageQuery, usageResponse } from '../../../../../shared/api/gateway/usage.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

export function usageRoutes({ services: { usage } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/usage',
      scope: 'read',
      summary: 'Read tokens and cost of turns and other model calls',
      query: usageQuery,
      answer: usageResponse,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await usage.read(query)) }),
    }),
  ];
}
