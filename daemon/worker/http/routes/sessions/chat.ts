import { sessionChooseRequest, sessionChooseResponse, sessionKey } from '../../../../../shared/api/sessions.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps } from '../../services.js';

export function chatRoutes({ services: { chat, sessions } }: RouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/sessions/:key/choose',
      scope: 'chat',
      summary: 'Choose a variant of a message; the conversation continues from it',
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
      params: { key: sessionKey },
      body: sessionChooseRequest,
      answer: sessionChooseResponse,
      handle: async (_ctx, { params: { key }, body }) => ({
        status: 'ok',
        session: await chat.choose(sessions.keyOf(key), body.messageId),
      }),
    }),
  ];
}
