import { sessionSummariesResponse, summaryId } from '../../../../../shared/api/session-archive.js';
import { sessionKey } from '../../../../../shared/api/sessions.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

export function summaryRoutes({ services: { sessions } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/sessions/:key/summaries',
      scope: 'chat',
      summary: "List the summaries of a session's older messages, newest first",
      errors: ['SESSION_NOT_FOUND'],
      params: { key: sessionKey },
      answer: sessionSummariesResponse,
      handle: async (_ctx, { params }) => ({ status: 'ok', summaries: await sessions.summaries(sessions.keyOf(params.key)) }),
    }),
    route({
      method: 'DELETE',
      path: '/api/sessions/:key/summaries/:id',
      scope: 'chat',
      summary: 'Give the model the full history of a session instead of its summaries',
      errors: ['SESSION_NOT_FOUND', 'NOT_FOUND'],
      params: { key: sessionKey, id: summaryId },
      answer: sessionSummariesResponse,
      handle: async (_ctx, { params: { key, id } }) => ({ status: 'ok', summaries: await sessions.undoSummary(sessions.keyOf(key), id) }),
    }),
  ];
}
