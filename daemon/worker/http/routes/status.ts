import type { StatusService } from '../../services/contracts.js';
import { type Route, route } from '../route.js';

export function statusRoutes(status: StatusService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/status',
      async handle(ctx) {
        ctx.body = { ...(await status.read()), status: 'ok' };
      },
    }),
  ];
}
