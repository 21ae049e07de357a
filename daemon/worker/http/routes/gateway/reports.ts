/** The gateway in numbers: its status, load, usage and metrics. */
import { overviewHistoryQuery, overviewHistoryResponse, overviewResponse } from '../../../../../shared/api/gateway/overview.js';
import { statusResponse } from '../../../../../shared/api/gateway/status.js';
import { usageQuery, usageResponse } from '../../../../../shared/api/gateway/usage.js';
import { explainStatus } from '../../../observe/explain.js';
import type { Metrics } from '../../observe/metrics.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

export function reportRoutes({ services: { status, overview, usage }, metrics }: RouteDeps & { readonly metrics: Metrics }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/status',
      scope: 'read',
      summary: 'Read the gateway’s status',
      answer: statusResponse,
      handle: async () => ({ ...explainStatus(await status.read()), status: 'ok' }),
    }),
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
    route({
      method: 'GET',
      path: '/api/usage',
      scope: 'read',
      summary: 'Read tokens and cost of turns and other model calls',
      query: usageQuery,
      answer: usageResponse,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await usage.read(query)) }),
    }),
    route({
      method: 'GET',
      path: '/metrics',
      scope: 'read',
      summary: 'Read the metrics, for Prometheus',
      media: { 'text/plain': 'Prometheus’s text format 0.0.4' },
      async handle(ctx) {
        const { text, contentType } = await metrics.read();
        ctx.set('Content-Type', contentType);
        ctx.body = text;
      },
    }),
  ];
}
