/** Channels, who may write to them, and messages to chats. */
import type { z } from 'zod';
import type { channelListResponse } from '../../../../shared/api/channels.js';
import type { outgoingListResponse } from '../../../../shared/api/messages.js';
import type { overviewResponse } from '../../../../shared/api/gateway/overview.js';
import { apiPath, call } from '../../api/client.js';

export type ChannelList = z.output<ReturnType<typeof channelListResponse>>;
export type Channel = ChannelList['channels'][number];
export type Pairing = ChannelList['pairings'][number];
export type MessagePage = z.output<ReturnType<typeof outgoingListResponse>>;
export type Message = MessagePage['messages'][number];
export type Overview = z.output<ReturnType<typeof overviewResponse>>;

const PAGE_MESSAGES = 50;

export interface ChannelState {
  readonly list: ChannelList;
  readonly outbox: Overview['outbox'];
}

export async function readChannels(signal: AbortSignal): Promise<ChannelState> {
  const [list, { outbox }] = await Promise.all([
    call<ChannelList>('GET', '/api/channels', { signal }),
    call<Overview>('GET', '/api/overview', { signal }),
  ]);
  return { list, outbox };
}

export function readMessages(query: { status?: string; channel?: string; cursor?: string }, signal?: AbortSignal): Promise<MessagePage> {
  const path = apiPath('/api/messages', {}, { limit: PAGE_MESSAGES, ...query });
  return call('GET', path, signal === undefined ? {} : { signal });
}

export async function readMessage(id: string, signal: AbortSignal): Promise<Message> {
  const { message } = await call<{ message: Message }>('GET', apiPath('/api/messages/:id', { id }), { signal });
  return message;
}

export async function retryMessage(id: string): Promise<void> {
  await call('POST', apiPath('/api/messages/:id/retry', { id }));
}

export async function dropMessage(id: string): Promise<void> {
  await call('DELETE', apiPath('/api/messages/:id', { id }));
}

/** The same text to the same chat again, as a message of its own. */
export async function sendMessage({ channel, accountId, chat_id, content }: Message): Promise<void> {
  await call('POST', '/api/message', { body: { channel, accountId, chat_id, content } });
}

export async function approve(channel: string, code: string): Promise<void> {
  await call('POST', apiPath('/api/channels/:channel/approve', { channel }), { body: { code } });
}

export async function revoke({ channel, accountId, senderId }: Pairing): Promise<void> {
  await call('POST', apiPath('/api/channels/:channel/revoke', { channel }), { body: { senderId, accountId } });
}
