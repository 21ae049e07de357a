/** Reads the content of an update and decides whether it is addressed to this bot. Pure. */
import type { Sender } from './access-policy.js';
import type { GatheredUpdate } from './albums.js';
import type { Message } from './api/bot-answers.js';
import { chatIdOf } from './chat-id.js';
import { contentOf, type LinkToFile, nameOf } from './message-content.js';

/** The bot's own identity. */
export interface BotIdentity {
  readonly id: number;
  readonly username: string;
}

/** A message from a person to the bot. */
export interface TelegramMessage {
  readonly updateId: number;
  /** The id of the group or person; for a forum topic, `{id}:{topic}`. */
  readonly chatId: string;
  /** Undefined in a direct chat with the bot. */
  readonly groupId: number | undefined;
  readonly sender: Sender;
  readonly senderName: string;
  readonly content: string;
}

/** The sender of messages from anonymous administrators: https://core.telegram.org/bots/api#message. */
const ANONYMOUS_ADMIN = 1_087_968_824;

const textOf = (message: Message): string => message.text ?? message.caption ?? '';

interface Addressed {
  readonly isForBot: boolean;
  /** Without the bot's own name. */
  readonly text: string;
}

/** In a group, a message addresses the bot by its name, by replying to it, or by a command. */
function addressIn(message: Message, bot: BotIdentity): Addressed {
  const text = textOf(message);
  const [, target] = /^\/\w+(?:@(\w+))?/.exec(text) ?? [];
  const isPassedOn = message.forward_origin !== undefined;
  const isCommand = !isPassedOn && text.startsWith('/') && (target === undefined || target.toLowerCase() === bot.username.toLowerCase());
  const name = new RegExp(`@${bot.username}\\b`, 'i');
  const isNamed = name.test(text);
  const isAnswer = message.reply_to_message?.from?.id === bot.id;
  const entities = message.entities ?? message.caption_entities ?? [];
  const mentioned = entities.some((entity) => entity.type === 'text_mention' && entity.user?.id === bot.id);
  const isOther = target !== undefined && !isCommand;
  return {
    isForBot: !isOther && (isCommand || isNamed || isAnswer || mentioned),
    text: isCommand ? text : text.replace(name, '').trim(),
  };
}

interface Speaker {
  readonly sender: Sender;
  readonly name: string;
}

/** Returns the author: a person, or an anonymous administrator. Messages of other bots are ignored. */
function speakerOf({ from, sender_chat: chat, chat: where }: Message): Speaker | undefined {
  if (from === undefined) return undefined;
  if (from.id === ANONYMOUS_ADMIN && chat !== undefined && chat.id === where.id) {
    return { sender: { id: chat.id, username: chat.username }, name: nameOf({ first_name: chat.title ?? 'an administrator' }) };
  }
  return from.is_bot === true ? undefined : { sender: { id: from.id, username: from.username }, name: nameOf(from) };
}

/** Returns the message to the bot; undefined when there is none. */
export function readUpdate({ update, rest }: GatheredUpdate, bot: BotIdentity, linkTo: LinkToFile): TelegramMessage | undefined {
  const { message } = update;
  const speaker = message === undefined ? undefined : speakerOf(message);
  if (message === undefined || speaker === undefined) return undefined;
  const what = {
    updateId: update.update_id,
    sender: speaker.sender,
    senderName: speaker.name,
    chatId: chatIdOf(message),
  };
  const frame = { botId: bot.id, linkTo, rest };
  if (message.chat.type === 'private') {
    const text = textOf(message).replace(/^\/start(?:@\w+)?(?:\s.*)?$/is, '/help');
    const content = contentOf(message, { ...frame, text });
    return content === '' ? undefined : { ...what, groupId: undefined, content };
  }
  const { isForBot, text } = addressIn(message, bot);
  const content = isForBot ? contentOf(message, { ...frame, text }) : '';
  if (content === '') return undefined;
  // In a group the agent must know the author; a command stays a command.
  return { ...what, groupId: message.chat.id, content: content.startsWith('/') ? content : `[${speaker.name}] ${content}` };
}
