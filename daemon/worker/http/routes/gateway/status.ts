import { statusResponse } from '../../../../../shared/api/gateway/status.js';
import { explainStatus } from '../../../observe/explain.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

export function statusRoutes({ services: { status } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/status',
      scope: 'read',
      summary: 'Read the gateway’s status',
      answer: statusResponse,
      handle: async () => ({ ...explainStatus(await status.read()), status: 'ok' }),
    }),
  ];
}
