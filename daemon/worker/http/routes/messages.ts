import { messageRequest, messageResponse, messageSyncRequest, messageSyncResponse } from '../../../../shared/api/messages.js';
import type { InboundMessage, MessageService } from '../../contracts.js';
import type { Connections } from '../connection/connections.js';
import { orAborted } from '../connection/abort.js';
import { given } from '../given.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../idempotency.js';
import { type Route, route } from '../route.js';

interface MessageBody {
  channel: string;
  chat_id: string;
  content: string;
  accountId?: string | undefined;
}

function toMessage({ channel, chat_id: chatId, content, accountId }: MessageBody): InboundMessage {
  return { channel, chatId, content, ...(accountId === undefined ? {} : { accountId }) };
}

export function messageRoutes(messages: MessageService, connections: Connections): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/message',
      summary: 'Send a message to a chat; answered once it is on disk',
      headers: IDEMPOTENCY_HEADER,
      answer: messageResponse,
      body: messageRequest,
      async handle(ctx, { body }) {
        const caller = callerKey(ctx);
        const { messageId, replayed } = await messages.accept(toMessage(body), caller === undefined ? {} : { idempotencyKey: caller.key });
        if (replayed) caller?.onReplay?.();
        ctx.body = { status: 'ok', message_id: messageId };
      },
    }),
    route({
      method: 'POST',
      path: '/api/message/sync',
      summary: 'Handle a message as if that chat had sent it, and answer with the reply',
      headers: IDEMPOTENCY_HEADER,
      answer: messageSyncResponse,
      body: messageSyncRequest,
      async handle(ctx, { body }) {
        // A reply that is also delivered is wanted in its chat, whether or not the caller still waits.
        const signal = connections.abortable(ctx.res, 'request', { survivesClient: body.deliver });
        const options = { deliver: body.deliver, signal, ...given({ idempotency: callerKey(ctx) }) };
        const { reply } = await orAborted(messages.sync(toMessage(body), options), signal);
        ctx.body = { status: 'ok', reply };
      },
    }),
  ];
}
