/** Messages on their way to chats, as the API gives them. */
import { OUTGOING_STATUSES } from '../../../shared/delivery-status.js';
import { GatewayError } from '../../../shared/errors.js';

export interface OutgoingMessage {
  readonly id: string;
  readonly channel: string;
  readonly accountId: string;
  readonly chat_id: string;
  readonly content: string;
  readonly status: string;
  readonly attempts: number;
  readonly parts: number;
  readonly deliveredParts: number;
  readonly error: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt: string;
  readonly nextAttemptAt: string | null;
}

/** The path of one message. @throws USAGE for what cannot be an id */
export function messagePath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/messages/${id}`;
  throw new GatewayError('USAGE', { message: `'${id}' is no message id`, hint: 'See them with: xopc messages' });
}

/** `--status`. @throws USAGE */
export function checkStatus(status: string): string {
  if ((OUTGOING_STATUSES as readonly string[]).includes(status)) return status;
  throw new GatewayError('USAGE', {
    message: `--status is '${status}'; it must be one of ${OUTGOING_STATUSES.join(', ')}`,
    hint: 'e.g. --status dead',
  });
}

/** `telegram:personal 42`, and only `webhook chat` for the default account. */
export function describeChat({ channel, accountId, chat_id: chatId }: OutgoingMessage): string {
  return `${accountId === 'default' ? channel : `${channel}:${accountId}`} ${chatId}`;
}
