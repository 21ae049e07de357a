import { messageRequest, messageResponse, messageSyncRequest, messageSyncResponse } from '../../../../shared/api/messages.js';
import { mayCall } from '../../access/allowed.js';
import { orAborted } from '../../../../shared/clock.js';
import { definedFields } from '../../../../shared/fields.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';
import { TURN_ERRORS } from '../turn-requests.js';
import { deciderOf } from './approvals.js';

export function messageRoutes({ services: { messages }, connections }: RouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/message',
      scope: 'send',
      summary: 'Send a message to a chat; returns once it is on disk',
      errors: ['CHANNEL_NOT_FOUND'],
      headers: IDEMPOTENCY_HEADER,
      answer: messageResponse,
      body: messageRequest,
      async handle(ctx, { body }) {
        const caller = callerKey(ctx);
        const { messageId, replayed } = await messages.accept(body, caller);
        if (replayed) caller?.onReplay?.();
        return { status: 'ok', message_id: messageId };
      },
    }),
    route({
      method: 'POST',
      path: '/api/message/sync',
      scope: 'chat',
      summary: 'Handle a message as if the chat had sent it, and return the reply',
      accessNote: 'With `deliver: true` it needs `send` too.',
      errors: ['CHANNEL_NOT_FOUND', ...TURN_ERRORS],
      headers: IDEMPOTENCY_HEADER,
      answer: messageSyncResponse,
      body: messageSyncRequest,
      async handle(ctx, { body: { deliver, ...message } }) {
        if (deliver) mayCall(ctx.state.access, 'POST', 'send');
        // A reply that is also delivered goes to its chat even if the caller has disconnected.
        const signal = connections.abortable(ctx.res, 'request', { survivesClient: deliver });
        const { access, span } = ctx.state;
        const decider = deciderOf(ctx);
        const options = { deliver, signal, decider, ...definedFields({ idempotency: callerKey(ctx), tokenId: access?.id, span }) };
        return { status: 'ok', ...(await orAborted(messages.sync(message, options), signal)) };
      },
    }),
  ];
}
