/** Converts a message to text for the agent: its text, and its attachments, quotes and origin as words and links. Pure. */
import type { Message } from './api/bot-answers.js';
import { MAX_FILE_BYTES } from './api/file-download.js';

/** @returns the link of an attached file */
export type LinkToFile = (file: { readonly id: string; readonly name: string }) => string;

interface Attachment {
  /** For people. */
  readonly kind: string;
  /** Undefined if it is not a file. */
  readonly file?: { readonly id: string | undefined; readonly name: string; readonly bytes: number | undefined };
}

type AnyFile = NonNullable<Message['document']>;

const MAX_QUOTE = 500;
const MAX_NAME = 100;

/** Removes brackets and control characters, so that a name cannot imitate the brackets around it. */
const plain = (text: string, limit = MAX_NAME): string => text.replace(/[\p{Cc}[\]]/gu, ' ').slice(0, limit);

/** A person's name. */
export function nameOf(person: Partial<Pick<NonNullable<Message['from']>, 'first_name' | 'last_name' | 'username'>>): string {
  const name = [person.first_name, person.last_name].filter((part) => part !== undefined && part !== '').join(' ');
  return plain(name === '' ? (person.username ?? 'somebody') : name);
}

function sizeOf(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  return bytes < 1_048_576 ? `, ${Math.ceil(bytes / 1_024)} KB` : `, ${(bytes / 1_048_576).toFixed(1)} MB`;
}

/** Returns a file name that is safe on every platform, for the last part of a link. */
const fileName = (name: string): string =>
  name
    .replace(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '')
    .slice(-64) || 'file';

/** @param seconds  its duration */
function toFile(kind: string, file: AnyFile, { name, seconds }: { name: string; seconds?: number | undefined }): Attachment {
  const { file_id: id, file_name: given, file_size: bytes } = file;
  const length = seconds === undefined ? '' : `, ${seconds} s`;
  const label = `${kind}${given === undefined ? '' : ` ${plain(given)}`}${length}${sizeOf(bytes)}`;
  return { kind: label, file: { id, name: fileName(given ?? name), bytes } };
}

function place({ latitude, longitude }: { latitude: number; longitude: number }): string {
  return `${latitude}, ${longitude}`;
}

function photoOf(sizes: NonNullable<Message['photo']>): AnyFile {
  const largest = sizes.at(-1);
  return largest === undefined ? {} : { file_id: largest.file_id };
}

function attachmentOf(message: Message): Attachment | undefined {
  const { photo, animation, document, video, audio, voice, video_note: videoNote } = message;
  // The same picture in several sizes, the largest last.
  if (photo !== undefined) return toFile('photo', photoOf(photo), { name: 'photo.jpg' });
  if (animation !== undefined) return toFile('animation', animation, { name: 'animation.mp4' });
  if (document !== undefined) return toFile('file', document, { name: 'file' });
  if (video !== undefined) return toFile('video', video, { name: 'video.mp4' });
  if (audio !== undefined) return toFile('audio', audio, { name: 'audio.mp3', seconds: audio.duration });
  if (voice !== undefined) return toFile('voice message', { file_id: voice.file_id }, { name: 'voice.ogg', seconds: voice.duration });
  if (videoNote !== undefined)
    return toFile('video message', { file_id: videoNote.file_id }, { name: 'video.mp4', seconds: videoNote.duration });
  return wordsFor(message);
}

function wordsFor({ sticker, contact, venue, location, poll, dice }: Message): Attachment | undefined {
  if (sticker !== undefined) return { kind: `sticker ${sticker.emoji ?? ''}`.trim() };
  if (contact !== undefined) return { kind: `contact ${plain(contact.first_name)}, ${contact.phone_number}` };
  if (venue !== undefined) return { kind: `place ${plain(venue.title)}, ${plain(venue.address)}, ${place(venue.location)}` };
  if (location !== undefined) return { kind: `location ${place(location)}` };
  if (poll !== undefined)
    return { kind: `poll ${plain(poll.question, MAX_QUOTE)}: ${poll.options.map(({ text }) => plain(text)).join(' / ')}` };
  if (dice !== undefined) return { kind: `dice ${dice.emoji} ${dice.value}` };
  return undefined;
}

/** Describes an attached file, as a link if it can be read. */
function showAttachment(message: Message, linkTo: LinkToFile): string | undefined {
  const attachment = attachmentOf(message);
  if (attachment === undefined) return undefined;
  const { kind, file } = attachment;
  if (file?.id === undefined || (file.bytes ?? 0) > MAX_FILE_BYTES) return `[${kind}]`;
  return `[${kind}](${linkTo({ id: file.id, name: file.name })})`;
}

function originOf({ forward_origin: origin }: Message): string | undefined {
  switch (origin?.type) {
    case 'user':
      return nameOf(origin.sender_user ?? {});
    case 'hidden_user':
      return plain(origin.sender_user_name ?? 'somebody');
    case 'chat':
      return plain(origin.sender_chat?.title ?? origin.author_signature ?? 'a chat');
    case 'channel':
      return plain(origin.chat?.title ?? 'a channel');
    default:
      return undefined;
  }
}

/** Returns the quote that the message replies to: the selected words, or the beginning of the message. */
function quoteOf({ reply_to_message: replied, quote }: Message, botId: number): string | undefined {
  const attached = replied === undefined ? undefined : attachmentOf(replied)?.kind;
  const text = quote?.text ?? [attached, replied?.text ?? replied?.caption].filter((part) => part !== undefined).join(': ');
  if (text === '') return undefined;
  const name = replied?.from === undefined ? 'a message' : replied.from.id === botId ? 'you' : nameOf(replied.from);
  return `[in reply to ${name}: ${plain(text, MAX_QUOTE)}${text.length > MAX_QUOTE ? ' …' : ''}]`;
}

export interface MessageFrame {
  /** The person's text without the mention of the bot. */
  readonly text: string;
  readonly botId: number;
  readonly linkTo: LinkToFile;
  /** The other parts of its album. */
  readonly rest: readonly Message[];
}

/** Returns an empty text for a message without content. */
export function contentOf(message: Message, { text, botId, linkTo, rest }: MessageFrame): string {
  const origin = originOf(message);
  const attached = [message, ...rest].map((part) => showAttachment(part, linkTo));
  const said = [...attached, text].filter((part) => part !== undefined && part !== '');
  if (said.length === 0) return '';
  const frame = [origin === undefined ? undefined : `[forwarded from ${origin}]`, quoteOf(message, botId)];
  return [...frame.filter((part) => part !== undefined), ...said].join('\n');
}
