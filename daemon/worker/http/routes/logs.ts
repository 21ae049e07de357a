import { logsQuery, logsResponse } from '../../../../shared/api/logs.js';
import type { LogService } from '../../services/contracts.js';
import { given } from '../given.js';
import { type Route, route } from '../route.js';

export function logRoutes(logs: LogService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/logs',
      summary: 'Read the gateway’s log, newest last',
      answer: logsResponse,
      access: 'token',
      query: logsQuery,
      async handle(ctx, { query: { since: sinceMs, until: untilMs, level, q, limit, cursor } }) {
        ctx.body = { status: 'ok', ...(await logs.query(given({ sinceMs, untilMs, level, q, limit, cursor }))) };
      },
    }),
  ];
}
