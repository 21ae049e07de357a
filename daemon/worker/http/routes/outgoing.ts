import {
  messageId,
  outgoingDropResponse,
  outgoingListQuery,
  outgoingListResponse,
  outgoingResponse,
} from '../../../../shared/api/messages.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

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
      handle: async (_ctx, { params: { id } }) => ({ status: 'ok', message: await outgoing.get(id) }),
    }),
    route({
      method: 'POST',
      path: '/api/messages/:id/retry',
      scope: 'send',
      summary: 'Send a dead or unknown message again',
      errors: ['NOT_FOUND', 'CONFLICT', 'CHANNEL_NOT_FOUND'],
      params: { id: messageId },
      answer: outgoingResponse,
      handle: async (_ctx, { params: { id } }) => ({ status: 'ok', message: await outgoing.retry(id) }),
    }),
    route({
      method: 'DELETE',
      path: '/api/messages/:id',
      scope: 'send',
      summary: 'Drop an undelivered message',
      errors: ['NOT_FOUND', 'CONFLICT'],
      params: { id: messageId },
      answer: outgoingDropResponse,
      async handle(_ctx, { params: { id } }) {
        await outgoing.drop(id);
        return { status: 'ok' };
      },
    }),
  ];
}
