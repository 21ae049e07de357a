/** The event that follows each change of a message to a chat. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { OutgoingStatus } from '../../../shared/delivery-status.js';
import type { Lane } from '../store/delivery/outbox.js';

export type MessageEvent = Extract<GatewayEvent, { type: 'message' }>;

export function messageEvent({ id, channel, accountId, chatId }: Lane & { readonly id: string }, status: OutgoingStatus): MessageEvent {
  return { type: 'message', id, channel, accountId, chat_id: chatId, status };
}
