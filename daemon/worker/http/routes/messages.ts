import {
  idempotencyKey,
  messageRequest,
  messageResponse,
  messageSyncRequest,
  messageSyncResponse,
} from '../../../../shared/api/messages.js';
import { validate } from '../../../../shared/api/validate.js';
import type { InboundMessage, MessageService } from '../../services/contracts.js';
import type { Connections } from '../connections.js';
import type { HttpContext } from '../context.js';
import { orAborted } from '../abort.js';
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

function idempotencyOption(ctx: HttpContext): { idempotencyKey?: string } {
  const header = ctx.req.headers['idempotency-key'];
  return header === undefined ? {} : { idempotencyKey: validate(idempotencyKey(), header, 'Idempotency-Key header') };
}

export function messageRoutes(messages: MessageService, connections: Connections): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/message',
      summary: 'Send a message to a chat; answered once it is on disk',
      headers: { 'Idempotency-Key': 'Repeats the first answer instead of sending again' },
      answer: messageResponse,
      body: messageRequest,
      async handle(ctx, { body }) {
        const { messageId, replayed } = await messages.accept(toMessage(body), idempotencyOption(ctx));
        if (replayed) ctx.set('Idempotent-Replayed', 'true');
        ctx.body = { status: 'ok', message_id: messageId };
      },
    }),
    route({
      method: 'POST',
      path: '/api/message/sync',
      summary: 'Handle a message as if that chat had sent it, and answer with the reply',
      answer: messageSyncResponse,
      body: messageSyncRequest,
      async handle(ctx, { body }) {
        // A reply that is also delivered is wanted in its chat, whether or not the caller still waits.
        const signal = connections.abortable(ctx.res, 'request', { survivesClient: body.deliver });
        const { reply } = await orAborted(messages.sync(toMessage(body), { deliver: body.deliver, signal }), signal);
        ctx.body = { status: 'ok', reply };
      },
    }),
  ];
}
