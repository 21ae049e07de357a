/** Reads the content of an update and decides whether it is addressed to this bot. Pure. */
import type { Sender } from './access-policy.js';
import type { GatheredUpdate } from './albums.js';
import type { ChatCommand } from '../host.js';
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

/** In a group, a message addresses the bot by its name, by replying to it, or with a slash, unless another bot's name follows. */
function addressIn(message: Message, bot: BotIdentity): Addressed {
  const text = textOf(message);
  const [, target] = /^\/\w+(?:@(\w+))?/.exec(text) ?? [];
  const isPassedOn = message.forward_origin !== undefined;
  const isCall = !isPassedOn && text.startsWith('/') && (target === undefined || target.toLowerCase() === bot.username.toLowerCase());
  const name = new RegExp(`@${bot.username}\\b`, 'i');
  const isNamed = name.test(text);
  const isAnswer = message.reply_to_message?.from?.id === bot.id;
  const entities = message.entities ?? message.caption_entities ?? [];
  const mentioned = entities.some((entity) => entity.type === 'text_mention' && entity.user?.id === bot.id);
  const isOther = target !== undefined && !isCall;
  const said = text.replace(name, '').trim();
  // A mention alone also addresses the bot, perhaps about the message that it replies to.
  return { isForBot: !isOther && (isCall || isNamed || isAnswer || mentioned), text: said === '' ? text : said };
}

/**
 * Returns the command of the gateway that a message consists of; undefined for a text to the agent. A reply can be a command, a
 * forwarded message cannot. Telegram sends `/start` when someone opens the bot.
 */
function commandIn({ text, forward_origin: origin }: Message, commands: readonly ChatCommand[]): string | undefined {
  const [, called] = /^\s*\/([\w-]+)(?:@\w+)?(?:\s|$)/.exec(text ?? '') ?? [];
  const name = called?.toLowerCase();
  if (origin !== undefined || name === undefined) return undefined;
  if (name === 'start') return '/help';
  return commands.some((command) => command.name === name) ? text : undefined;
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

export interface Reader {
  readonly bot: BotIdentity;
  /** The gateway's commands. */
  readonly commands: readonly ChatCommand[];
  readonly linkTo: LinkToFile;
}

/** Returns the message to the bot; undefined when there is none. */
export function readUpdate({ update, rest }: GatheredUpdate, { bot, commands, linkTo }: Reader): TelegramMessage | undefined {
  const { message } = update;
  const speaker = message === undefined ? undefined : speakerOf(message);
  if (message === undefined || speaker === undefined) return undefined;
  const what = {
    updateId: update.update_id,
    sender: speaker.sender,
    senderName: speaker.name,
    chatId: chatIdOf(message),
  };
  const command = commandIn(message, commands);
  const frame = { botId: bot.id, linkTo, rest };
  if (message.chat.type === 'private') {
    const content = command ?? contentOf(message, { ...frame, text: textOf(message) });
    return content === '' ? undefined : { ...what, groupId: undefined, content };
  }
  const { isForBot, text } = addressIn(message, bot);
  if (!isForBot) return undefined;
  const content = contentOf(message, { ...frame, text });
  if (content === '') return undefined;
  // In a group the agent must know the author.
  return { ...what, groupId: message.chat.id, content: command ?? `[${speaker.name}] ${content}` };
}
