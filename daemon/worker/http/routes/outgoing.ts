import {
  messageId,
  outgoingDropResponse,
  outgoingListQuery,
  outgoingListResponse,
  outgoingResponse,
} from '../../../../shared/api/messages.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

const MESSAGE = { scope: 'send', params: { id: messageId }, errors: ['NOT_FOUND'] } as const;

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
      ...MESSAGE,
      method: 'GET',
      path: '/api/messages/:id',
      summary: 'Read one message and its delivery',
      answer: outgoingResponse,
      handle: async (_ctx, { params: { id } }) => ({ status: 'ok', message: await outgoing.get(id) }),
    }),
    route({
      ...MESSAGE,
      method: 'POST',
      path: '/api/messages/:id/retry',
      summary: 'Send a dead or unknown message again',
      errors: ['NOT_FOUND', 'CONFLICT', 'CHANNEL_NOT_FOUND'],
      answer: outgoingResponse,
      handle: async (_ctx, { params: { id } }) => ({ status: 'ok', message: await outgoing.retry(id) }),
    }),
    route({
      ...MESSAGE,
      method: 'DELETE',
      path: '/api/messages/:id',
      summary: 'Drop an undelivered message',
      errors: ['NOT_FOUND', 'CONFLICT'],
      answer: outgoingDropResponse,
      async handle(_ctx, { params: { id } }) {
        await outgoing.drop(id);
        return { status: 'ok' };
      },
    }),
  ];
}
