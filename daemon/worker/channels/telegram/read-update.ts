/** What an update says, and whether it is meant for this bot. Pure. */
import type { Sender } from './access-policy.js';
import type { GatheredUpdate } from './albums.js';
import type { Message } from './bot-api.js';
import { contentOf, type LinkToFile, nameOf } from './message-content.js';

/** The bot as it knows itself. */
export interface BotIdentity {
  readonly id: number;
  readonly username: string;
}

/** Something that a person said to the bot. */
export interface TelegramMessage {
  readonly updateId: number;
  /** The group's or the person's id, for a forum's topic `{id}:{topic}`. */
  readonly chatId: string;
  /** Undefined in a conversation with the bot alone. */
  readonly groupId: number | undefined;
  readonly sender: Sender;
  readonly senderName: string;
  readonly content: string;
}

/** https://core.telegram.org/bots/api#message: who an administrator is that speaks as the group, for clients of old. */
const ANONYMOUS_ADMIN = 1_087_968_824;

const textOf = (message: Message): string => message.text ?? message.caption ?? '';

interface Addressed {
  readonly isForBot: boolean;
  /** Without the bot's own name. */
  readonly text: string;
}

/** In a group the bot is spoken to by its name, by an answer to it, or by a command. */
function addressIn(message: Message, bot: BotIdentity): Addressed {
  const text = textOf(message);
  const [, target] = /^\/\w+(?:@(\w+))?/.exec(text) ?? [];
  const isPassedOn = message.forward_origin !== undefined;
  const isCommand = !isPassedOn && text.startsWith('/') && (target === undefined || target.toLowerCase() === bot.username.toLowerCase());
  const name = new RegExp(`@${bot.username}\\b`, 'i');
  const isNamed = name.test(text);
  const isAnswer = message.reply_to_message?.from?.id === bot.id;
  const entities = message.entities ?? message.caption_entities ?? [];
  const mentioned = entities.some((entity) => entity.type === 'text_mention' && entity.user.id === bot.id);
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

/** Who says it: a person, or an administrator in the name of the group. Other bots say nothing. */
function speakerOf({ from, sender_chat: chat, chat: where }: Message): Speaker | undefined {
  if (from === undefined) return undefined;
  if (from.id === ANONYMOUS_ADMIN && chat !== undefined && chat.id === where.id) {
    return { sender: { id: chat.id, username: chat.username }, name: nameOf({ first_name: chat.title ?? 'an administrator' }) };
  }
  return from.is_bot ? undefined : { sender: { id: from.id, username: from.username }, name: nameOf(from) };
}

/** @returns what was said to the bot; undefined when that is nothing */
export function readUpdate({ update, rest }: GatheredUpdate, bot: BotIdentity, linkTo: LinkToFile): TelegramMessage | undefined {
  const { message } = update;
  const speaker = message === undefined ? undefined : speakerOf(message);
  if (message === undefined || speaker === undefined) return undefined;
  const topic = message.is_topic_message === true && message.message_thread_id !== undefined ? `:${message.message_thread_id}` : '';
  const what = {
    updateId: update.update_id,
    sender: speaker.sender,
    senderName: speaker.name,
    chatId: `${message.chat.id}${topic}`,
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
  // In a group the agent must know who speaks; a command stays one.
  return { ...what, groupId: message.chat.id, content: content.startsWith('/') ? content : `[${speaker.name}] ${content}` };
}
