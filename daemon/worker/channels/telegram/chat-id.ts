/** Ids of Telegram chats, as the API names them. */
import type { Message } from './api/bot-answers.js';

/** @returns the parameters of a chat: its id, and the topic of `{id}:{topic}` in a forum */
export function parseChatId(chatId: string): { chat_id: number | string; message_thread_id?: number } {
  const [, id, topic] = /^(-?\d{1,15})(?::(\d{1,15}))?$/.exec(chatId) ?? [];
  if (id === undefined) return { chat_id: chatId };
  return { chat_id: Number(id), ...(topic === undefined ? {} : { message_thread_id: Number(topic) }) };
}

/** Returns the id of a message's chat, with the topic if it is in one: {@link parseChatId} reads it. */
export function chatIdOf(message: Pick<Message, 'chat' | 'is_topic_message' | 'message_thread_id'>): string {
  const { chat, is_topic_message: isInTopic, message_thread_id: topic } = message;
  return isInTopic === true && topic !== undefined ? `${chat.id}:${topic}` : String(chat.id);
}

/** Groups have negative ids. */
export function isGroupId(chatId: string): boolean {
  return chatId.startsWith('-');
}
