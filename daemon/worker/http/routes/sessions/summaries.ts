import { sessionSummariesResponse, summaryId } from '../../../../../shared/api/session-archive.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';
import { OF_SESSION } from './of-session.js';

export function summaryRoutes({ services: { sessions } }: RouteDeps): Route[] {
  return [
    route({
      ...OF_SESSION,
      method: 'GET',
      path: '/api/sessions/:key/summaries',
      summary: "List the summaries of a session's older messages, newest first",
      answer: sessionSummariesResponse,
      handle: async (_ctx, { params }) => ({ status: 'ok', summaries: await sessions.summaries(sessions.keyOf(params.key)) }),
    }),
    route({
      ...OF_SESSION,
      method: 'DELETE',
      path: '/api/sessions/:key/summaries/:id',
      summary: 'Give the model the full history of a session instead of its summaries',
      errors: ['SESSION_NOT_FOUND', 'NOT_FOUND'],
      params: { ...OF_SESSION.params, id: summaryId },
      answer: sessionSummariesResponse,
      handle: async (_ctx, { params: { key, id } }) => ({ status: 'ok', summaries: await sessions.undoSummary(sessions.keyOf(key), id) }),
    }),
  ];
}
