/** Composes the requests that send a text to a Telegram chat. */
import { GatewayError } from '../../../../shared/errors.js';
import type { Composition } from '../channel.js';
import { decisionButtons, type Keyboard } from './buttons.js';
import { parseChatId } from './chat-id.js';
import { renderMarkdown, type TextEntity } from './markdown-entities.js';
import { splitMarkdown } from './split-markdown.js';

/** https://core.telegram.org/bots/api#sendmessage: 1–4096 characters after entities parsing. */
export const MAX_TEXT_UNITS = 4_096;
/** Telegram takes about one message a second in a chat: a longer text would keep it busy for minutes. */
const MAX_PARTS = 50;
/** https://limits.tginfo.me/en: further entities are ignored. */
const MAX_ENTITIES = 100;
const MIN_SPLIT = 256;

/** A request as it is stored: one of these methods with its parameters. */
export interface BotRequest {
  readonly method: 'sendMessage' | 'editMessageText';
  readonly payload: MessagePayload;
}

export interface MessagePayload {
  readonly chat_id: number | string;
  /** The forum topic; for an edit, the topic for the new message that replaces a deleted one. */
  readonly message_thread_id?: number;
  /** Id of the edited message. */
  readonly message_id?: number;
  readonly text: string;
  readonly entities?: readonly TextEntity[];
  /** Without it, an edited message loses its buttons. */
  readonly reply_markup?: Keyboard;
}

/** Returns the request to send the text of another one as a new message. */
export function asNewMessage({ message_id: _previewId, ...payload }: MessagePayload, chatId: number | string): BotRequest {
  return { method: 'sendMessage', payload: { ...payload, chat_id: chatId } };
}

interface RenderedPart {
  readonly text: string;
  readonly entities?: readonly TextEntity[];
}

/**
 * Splits a text into `count` parts or slightly more, avoiding a small last part: parts end before their limit, so equal shares
 * would leave a remainder.
 */
function splitInto(text: string, count: number): string[] {
  const step = Math.ceil(text.length / 32);
  let limit = Math.max(MIN_SPLIT, Math.ceil(text.length / count));
  let parts = splitMarkdown(text, limit);
  while (parts.length > count && limit + step < text.length) parts = splitMarkdown(text, (limit += step));
  return parts;
}

/** Splits a part further when it has more entities than Telegram accepts. */
function render(part: string): RenderedPart[] {
  const { text, entities } = renderMarkdown(part);
  if (text.trim() === '') return [];
  if (entities.length > MAX_ENTITIES && part.length > MIN_SPLIT * 2)
    return splitInto(part, Math.ceil(entities.length / MAX_ENTITIES)).flatMap(render);
  return [{ text, ...(entities.length === 0 ? {} : { entities: entities.slice(0, MAX_ENTITIES) }) }];
}

/** Bodies for the outbox, in order. The first one replaces the preview, if there is one. @throws INVALID_REQUEST for a text with nothing to show */
export function composeTelegram({ chatId, content, previewId, approvalId }: Composition): string[] {
  const chat = parseChatId(chatId);
  const sources = splitMarkdown(content, MAX_TEXT_UNITS);
  // Rendering is skipped for a text that is too long, since it may have a megabyte.
  const texts = sources.length > MAX_PARTS ? [] : sources.flatMap(render);
  const count = Math.max(sources.length, texts.length);
  if (count > MAX_PARTS) {
    throw new GatewayError('INVALID_REQUEST', {
      message: `content is too long for Telegram: it needs ${count} messages; at most ${MAX_PARTS} are allowed`,
    });
  }
  if (texts.length === 0) throw new GatewayError('INVALID_REQUEST', { message: 'content has no visible text for Telegram' });
  return texts.map((text, index) => {
    const isEdit = index === 0 && previewId !== undefined;
    const hasButtons = index === texts.length - 1 && approvalId !== undefined;
    const shown = { ...text, ...(hasButtons ? { reply_markup: decisionButtons(approvalId) } : {}) };
    const request: BotRequest = isEdit
      ? { method: 'editMessageText', payload: { ...chat, message_id: Number(previewId), ...shown } }
      : { method: 'sendMessage', payload: { ...chat, ...shown } };
    return JSON.stringify(request);
  });
}
