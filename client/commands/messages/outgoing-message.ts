/** Messages to chats, as returned by the API. */
import { OUTGOING_STATUSES } from '../../../shared/delivery-status.js';
import type { OutgoingDocument } from '../../../shared/api/messages.js';
import { oneOf, usage } from '../../cli/usage.js';

/** Returns the API path of one message. @throws USAGE for an invalid id */
export function messagePath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/messages/${id}`;
  throw usage(`invalid message id '${id}'`, 'See them with: xopc messages');
}

/** `--status`. @throws USAGE */
export function checkStatus(status: string): string {
  return oneOf('--status', status, { choices: OUTGOING_STATUSES, hint: 'e.g. --status dead' });
}

/** `telegram:personal 42`, and only `webhook chat` for the default account. */
export function describeChat({ channel, accountId, chat_id: chatId }: OutgoingDocument): string {
  return `${accountId === 'default' ? channel : `${channel}:${accountId}`} ${chatId}`;
}
