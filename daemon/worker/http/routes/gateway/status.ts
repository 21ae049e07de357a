import { statusResponse } from '../../../../../shared/api/gateway/status.js';
import type { StatusService } from '../../../config/config-documents.js';
import { explainStatus } from '../../../observe/explain.js';
import { type Route, route } from '../../route.js';

export function statusRoutes(status: StatusService): Route[] {
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
