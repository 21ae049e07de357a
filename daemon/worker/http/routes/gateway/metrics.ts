import type { Metrics } from '../../observe/metrics.js';
import { type Route, route } from '../../route.js';

export function metricRoutes(metrics: Metrics): Route[] {
  return [
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
