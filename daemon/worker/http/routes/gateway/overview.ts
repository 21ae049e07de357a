import { overviewHistoryQuery, overviewHistoryResponse, overviewResponse } from '../../../../../shared/api/gateway/overview.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

export function overviewRoutes({ services: { overview } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/overview',
      scope: 'read',
      summary: 'Read the current load',
      answer: overviewResponse,
      handle: async () => ({ status: 'ok', ...(await overview.read()) }),
    }),
    route({
      method: 'GET',
      path: '/api/overview/history',
      scope: 'read',
      summary: 'Read the history and failures of the last hours',
      query: overviewHistoryQuery,
      answer: overviewHistoryResponse,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await overview.history(query)) }),
    }),
  ];
}
