import { sessionChooseRequest, sessionChooseResponse, sessionKey } from '../../../../../shared/api/sessions.js';
import { validate } from '../../../../../shared/api/validate.js';
import type { ChatService } from '../../../chat/chat.js';
import { type Route, route } from '../../route.js';

export function chatRoutes(chat: Pick<ChatService, 'choose'>): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/sessions/:key/choose',
      summary: 'Choose a variant of a message; the conversation continues from it',
      params: { key: sessionKey },
      body: sessionChooseRequest,
      answer: sessionChooseResponse,
      async handle(ctx, { body }) {
        const key = validate(sessionKey(), ctx.params['key'], 'session key');
        ctx.body = { status: 'ok', session: await chat.choose(key, body.messageId) };
      },
    }),
  ];
}
