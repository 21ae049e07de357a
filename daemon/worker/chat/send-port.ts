/** How the tools of a model write to chats. */
import type { ChannelRegistry } from '../channels/registry.js';
import type { SendPort } from '../tools/send.js';
import type { AcceptMessage } from './messages.js';

/** Tools write to chats as programs do. A page is open anyway and is no chat to write to. */
export function createSendPort(channels: ChannelRegistry, accept: AcceptMessage): SendPort {
  return {
    channels: () => [...new Set(channels.accounts().map(({ channel }) => channel))].filter((name) => name !== 'webchat'),
    send: async ({ chatId, ...message }, key) => (await accept({ ...message, chat_id: chatId }, { key })).messageId,
  };
}
