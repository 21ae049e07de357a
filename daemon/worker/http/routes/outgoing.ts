import {
  messageId,
  outgoingDropResponse,
  outgoingListQuery,
  outgoingListResponse,
  outgoingResponse,
} from '../../../../shared/api/messages.js';
import { validate } from '../../../../shared/api/validate.js';
import type { HttpContext } from '../context.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

function idOf(ctx: HttpContext): string {
  return validate(messageId(), ctx.params['id'], 'message id');
}

export function outgoingRoutes({ services: { outgoing } }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/messages',
      scope: 'send',
      summary: 'List messages to chats and their delivery, newest first',
      answer: outgoingListResponse,
      query: outgoingListQuery,
      handle: async (_ctx, { query }) => ({ status: 'ok', ...(await outgoing.list(query)) }),
    }),
    route({
      method: 'GET',
      path: '/api/messages/:id',
      scope: 'send',
      summary: 'Read one message and its delivery',
      errors: ['NOT_FOUND'],
      params: { id: messageId },
      answer: outgoingResponse,
      handle: async (ctx) => ({ status: 'ok', message: await outgoing.get(idOf(ctx)) }),
    }),
    route({
      method: 'POST',
      path: '/api/messages/:id/retry',
      scope: 'send',
      summary: 'Send a dead or unknown message again',
      errors: ['NOT_FOUND', 'CONFLICT', 'CHANNEL_NOT_FOUND'],
      params: { id: messageId },
      answer: outgoingResponse,
      handle: async (ctx) => ({ status: 'ok', message: await outgoing.retry(idOf(ctx)) }),
    }),
    route({
      method: 'DELETE',
      path: '/api/messages/:id',
      scope: 'send',
      summary: 'Drop an undelivered message',
      errors: ['NOT_FOUND', 'CONFLICT'],
      params: { id: messageId },
      answer: outgoingDropResponse,
      async handle(ctx) {
        await outgoing.drop(idOf(ctx));
        return { status: 'ok' };
      },
    }),
  ];
}
