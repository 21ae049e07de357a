import { sessionChooseRequest, sessionChooseResponse } from '../../../../../shared/api/sessions.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';
import { OF_SESSION } from './of-session.js';

export function chatRoutes({ services: { chat, sessions } }: RouteDeps): Route[] {
  return [
    route({
      ...OF_SESSION,
      method: 'POST',
      path: '/api/sessions/:key/choose',
      summary: 'Choose a variant of a message; the conversation continues from it',
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
      body: sessionChooseRequest,
      answer: sessionChooseResponse,
      handle: async (_ctx, { params: { key }, body }) => ({
        status: 'ok',
        session: await chat.choose(sessions.keyOf(key), body.messageId),
      }),
    }),
  ];
}
