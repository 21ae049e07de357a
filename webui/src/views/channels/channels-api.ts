/** Channels, who may write to them, and messages to chats. */
import type { ChannelDocument, PairingDocument } from '../../../../shared/api/channels.js';
import type { Overview } from '../../../../shared/api/gateway/overview.js';
import type { OutgoingDocument } from '../../../../shared/api/messages.js';
import { apiPath, call } from '../../api/client.js';

export interface ChannelState {
  readonly channels: readonly ChannelDocument[];
  readonly pairings: readonly PairingDocument[];
  readonly outbox: Overview['outbox'];
}

export async function readChannels(signal: AbortSignal): Promise<ChannelState> {
  const [list, { outbox }] = await Promise.all([
    call<Omit<ChannelState, 'outbox'>>('GET', '/api/channels', { signal }),
    call<Overview>('GET', '/api/overview', { signal }),
  ]);
  return { ...list, outbox };
}

export interface MessagePage {
  readonly messages: readonly OutgoingDocument[];
  readonly nextCursor: string | null;
}

/** Reads up to 50 messages, newest first. */
export function readMessages(query: Readonly<Record<string, string | undefined>>, signal?: AbortSignal): Promise<MessagePage> {
  return call('GET', apiPath('/api/messages', {}, { limit: 50, ...query }), { signal });
}

/** Sends the same text to the same chat again, as a new message. */
export async function sendMessage({ channel, accountId, chat_id, content }: OutgoingDocument): Promise<void> {
  await call('POST', '/api/message', { body: { channel, accountId, chat_id, content } });
}
