/** The interface through which a model's tools write to chats. */
import type { ChannelRegistry } from '../channels/registry.js';
import type { SendPort } from '../tools/send.js';
import type { AcceptMessage } from './messages.js';

/** Tools write to chats as programs do. The page is not a target, because it is open anyway. */
export function createSendPort(channels: ChannelRegistry, accept: AcceptMessage): SendPort {
  return {
    channels: () => [...new Set(channels.accounts().map(({ channel }) => channel))].filter((name) => name !== 'webchat'),
    send: async ({ chatId, ...message }, key) => (await accept({ ...message, chat_id: chatId }, { key })).messageId,
  };
}
