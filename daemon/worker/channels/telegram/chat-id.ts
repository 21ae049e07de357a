/** Ids of Telegram chats, as the API names them. */

/** @returns the parameters of a chat: its id, and the topic of `{id}:{topic}` in a forum */
export function parseChatId(chatId: string): { chat_id: number | string; message_thread_id?: number } {
  const [, id, topic] = /^(-?\d{1,15})(?::(\d{1,15}))?$/.exec(chatId) ?? [];
  if (id === undefined) return { chat_id: chatId };
  return { chat_id: Number(id), ...(topic === undefined ? {} : { message_thread_id: Number(topic) }) };
}

/** Groups have negative ids. */
export function isGroupId(chatId: string): boolean {
  return chatId.startsWith('-');
}
