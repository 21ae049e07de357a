/** Channels, who may write to them, and messages to chats. */
import type { ChannelDocument, PairingDocument } from '../../../../shared/api/channels.js';
import type { Overview } from '../../../../shared/api/gateway/overview.js';
import type { OutgoingDocument } from '../../../../shared/api/messages.js';
import { apiPath, call } from '../../api/client.js';

export interface ChannelList {
  readonly channels: readonly ChannelDocument[];
  readonly pairings: readonly PairingDocument[];
}

export function readChannels(signal: AbortSignal): Promise<ChannelList> {
  return call('GET', '/api/channels', { signal });
}

export interface MessagePage {
  readonly messages: readonly OutgoingDocument[];
  readonly nextCursor: string | null;
}

/** Reads up to 50 messages, newest first. */
export function readMessages(query: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<MessagePage> {
  return call('GET', apiPath('/api/messages', {}, { limit: 50, ...query }), { signal });
}

/** Counts the messages that are not delivered, by status. */
export async function countMessages(signal: AbortSignal): Promise<Overview['outbox']> {
  return (await call<Overview>('GET', '/api/overview', { signal })).outbox;
}

export async function readMessage(id: string, signal: AbortSignal): Promise<OutgoingDocument> {
  return (await call<{ message: OutgoingDocument }>('GET', apiPath('/api/messages/:id', { id }), { signal })).message;
}
