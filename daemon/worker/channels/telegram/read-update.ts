/** What an update says, and whether it is meant for this bot. Pure. */
import type { Message, Update } from './bot-api.js';
import type { Sender } from './access-policy.js';

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

type File = { readonly file_name?: string; readonly file_size?: number };

function sizeOf(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  return bytes < 1_048_576 ? `, ${Math.ceil(bytes / 1_024)} KB` : `, ${(bytes / 1_048_576).toFixed(1)} MB`;
}

const named = (kind: string, file: File): string =>
  `${kind}${file.file_name === undefined ? '' : ` ${file.file_name}`}${sizeOf(file.file_size)}`;

/** What is attached, in words: the file itself stays with Telegram. */
function attachment(message: Message): string | undefined {
  if (message.photo !== undefined) return 'photo';
  if (message.animation !== undefined) return named('animation', message.animation);
  if (message.document !== undefined) return named('file', message.document);
  if (message.video !== undefined) return named('video', message.video);
  if (message.audio !== undefined) return named('audio', message.audio);
  if (message.voice !== undefined) return `voice message, ${message.voice.duration} s`;
  if (message.video_note !== undefined) return 'video message';
  if (message.sticker !== undefined) return `sticker ${message.sticker.emoji ?? ''}`.trim();
  if (message.contact !== undefined) return `contact ${message.contact.first_name}, ${message.contact.phone_number}`;
  if (message.location !== undefined) return `location ${message.location.latitude}, ${message.location.longitude}`;
  return undefined;
}

function contentOf(message: Message): string {
  const attached = attachment(message);
  const text = message.text ?? message.caption ?? '';
  return [attached === undefined ? '' : `[${attached}]`, text].filter((part) => part !== '').join('\n');
}

interface Addressed {
  readonly isForBot: boolean;
  /** Without the bot's own name at its beginning. */
  readonly content: string;
}

/** In a group the bot is spoken to by its name, by an answer to it, or by a command. */
function addressIn(message: Message, bot: BotIdentity): Addressed {
  const content = contentOf(message);
  const [, target] = /^\/\w+(?:@(\w+))?/.exec(content) ?? [];
  const isCommand = content.startsWith('/') && (target === undefined || target.toLowerCase() === bot.username.toLowerCase());
  const name = new RegExp(`@${bot.username}\\b`, 'i');
  const isNamed = name.test(content);
  const isAnswer = message.reply_to_message?.from?.id === bot.id;
  const mentioned = (message.entities ?? []).some((entity) => entity.type === 'text_mention' && entity.user.id === bot.id);
  const isOther = target !== undefined && !isCommand;
  return {
    isForBot: !isOther && (isCommand || isNamed || isAnswer || mentioned),
    content: isCommand ? content : content.replace(name, '').trim(),
  };
}

function nameOf({ first_name: first, last_name: last, username }: { first_name: string; last_name?: string; username?: string }): string {
  const name = [first, last].filter((part) => part !== undefined && part !== '').join(' ');
  return (name === '' ? (username ?? 'somebody') : name).replace(/[\p{Cc}[\]]/gu, ' ').slice(0, 100);
}

/** @returns what was said to the bot; undefined when that is nothing */
export function readUpdate(update: Update, bot: BotIdentity): TelegramMessage | undefined {
  const { message } = update;
  const { from } = message ?? {};
  if (message === undefined || from === undefined || from.is_bot) return undefined;
  const senderName = nameOf(from);
  const who = { updateId: update.update_id, sender: { id: from.id, username: from.username }, senderName };
  const topic = message.is_topic_message === true && message.message_thread_id !== undefined ? `:${message.message_thread_id}` : '';
  const chatId = `${message.chat.id}${topic}`;
  if (message.chat.type === 'private') {
    const content = contentOf(message).replace(/^\/start(?:@\w+)?(?:\s.*)?$/is, '/help');
    return content === '' ? undefined : { ...who, chatId, groupId: undefined, content };
  }
  const { isForBot, content } = addressIn(message, bot);
  if (!isForBot || content === '') return undefined;
  // In a group the agent must know who speaks; a command stays one.
  return { ...who, chatId, groupId: message.chat.id, content: content.startsWith('/') ? content : `[${senderName}] ${content}` };
}
