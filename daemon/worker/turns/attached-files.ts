/**
 * Adds the files of a chat to a model's messages: images unchanged, text files as text. Files are read from the channel when a turn
 * needs them.
 */
import { collect } from '../../../shared/node/collect.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { estimateTokens, fitText, TOKENS_PER_IMAGE } from './model/context.js';
import { findFileLinks, type LinkedFile } from '../channels/file-links.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { imageTypeOf } from '../files/classify-file.js';
import type { ChatImage, ModelMessage } from '../providers/provider.js';
import type { Session } from '../store/conversations/sessions.js';

export type AttachedFile =
  | ({ readonly type: 'image' } & ChatImage)
  | { readonly type: 'text'; readonly name: string; readonly text: string };

/** Providers take pictures of up to 5 MB. */
const MAX_IMAGE_BYTES = 5 * 1_048_576;
const MAX_TEXT_BYTES = 256 * 1_024;
/** An album of Telegram has up to ten. */
const MAX_FILES = 10;
const LOAD_MS = 20_000;
const MAX_CACHED_BYTES = 16 * 1_048_576;
const IMAGE_NAME = /\.(?:jpe?g|png|gif|webp)$/i;
/** Audio, video, archives and office files are not read. */
const OTHER_NAME = /\.(?:mp[34]|ogg|oga|opus|m4a|wav|mov|webm|zip|gz|7z|pdf|docx?|xlsx?|pptx?)$/i;

/** Returns undefined for binary content. */
function toText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns undefined for a file that models cannot read. */
function toAttached(name: string, bytes: Buffer): AttachedFile | undefined {
  const mediaType = imageTypeOf(bytes);
  if (mediaType !== undefined) return { type: 'image', mediaType, bytes };
  const text = bytes.length > MAX_TEXT_BYTES ? undefined : toText(bytes);
  return text === undefined || text.trim() === '' ? undefined : { type: 'text', name, text };
}

const sizeOf = (file: AttachedFile): number => (file.type === 'image' ? file.bytes.length : file.text.length);

function tokensOf(file: AttachedFile): number {
  return file.type === 'image' ? TOKENS_PER_IMAGE : estimateTokens(file.text);
}

/** Returns as much of a text as fits, with a note if it was cut; undefined for an image that does not fit. */
function fit(file: AttachedFile, maxTokens: number): AttachedFile | undefined {
  if (file.type === 'text') return { ...file, text: fitText(file.text, maxTokens) };
  return tokensOf(file) <= maxTokens ? file : undefined;
}

export interface AttachOptions {
  readonly session: Pick<Session, 'channel' | 'accountId'>;
  readonly takesImages: boolean;
  readonly budgetTokens: number;
}

export class AttachedFiles {
  readonly #options: { channels: Pick<ChannelRegistry, 'openFile'>; logger: LogPort };
  /** The files that were used last, the newest last. */
  readonly #cache = new Map<string, AttachedFile>();

  constructor(options: { channels: Pick<ChannelRegistry, 'openFile'>; logger: LogPort }) {
    this.#options = options;
  }

  /**
   * Adds the files of the newest messages of people, as far as they fit; texts are cut. A file that cannot be read stays a link.
   * @returns the messages, and the tokens of the files
   */
  async attach(messages: readonly ModelMessage[], options: AttachOptions): Promise<{ messages: ModelMessage[]; tokens: number }> {
    const { session, takesImages, budgetTokens } = options;
    const attached = [...messages];
    let tokens = 0;
    let count = 0;
    for (let index = messages.length - 1; index >= 0 && count < MAX_FILES; index -= 1) {
      const message = messages[index];
      if (message?.role !== 'user') continue;
      const links = findFileLinks(message.content).filter(
        (link) => link.channel === session.channel && link.accountId === session.accountId,
      );
      const wanted = links
        .filter(({ name }) => !OTHER_NAME.test(name) && (takesImages || !IMAGE_NAME.test(name)))
        .slice(0, MAX_FILES - count);
      count += wanted.length;
      const files = (await Promise.all(wanted.map((link) => this.#load(link)))).filter((file) => file !== undefined);
      const fitting = files.flatMap((file) => {
        const fitted = takesImages || file.type === 'text' ? fit(file, budgetTokens - tokens) : undefined;
        if (fitted === undefined) return [];
        tokens += tokensOf(fitted);
        return [fitted];
      });
      const images = fitting.filter((file) => file.type === 'image');
      const texts = fitting.flatMap((file) => (file.type === 'text' ? [`<file name="${file.name}">\n${file.text}\n</file>`] : []));
      const content = [message.content, ...texts].join('\n\n');
      if (fitting.length > 0) attached[index] = { ...message, content, ...(images.length > 0 && { images }) };
    }
    return { messages: attached, tokens };
  }

  async #load(link: LinkedFile): Promise<AttachedFile | undefined> {
    const key = JSON.stringify([link.channel, link.accountId, link.fileId]);
    const known = this.#cache.get(key);
    const file = known ?? (await this.#read(link));
    if (file === undefined) return undefined;
    this.#cache.delete(key);
    this.#cache.set(key, file);
    let bytes = [...this.#cache.values()].reduce((sum, cached) => sum + sizeOf(cached), 0);
    for (const [oldest, cached] of this.#cache) {
      if (bytes <= MAX_CACHED_BYTES || oldest === key) break;
      bytes -= sizeOf(cached);
      this.#cache.delete(oldest);
    }
    return file;
  }

  async #read(link: LinkedFile): Promise<AttachedFile | undefined> {
    const limit = IMAGE_NAME.test(link.name) ? MAX_IMAGE_BYTES : MAX_TEXT_BYTES;
    try {
      const opened = await this.#options.channels.openFile(link, AbortSignal.timeout(LOAD_MS));
      if (opened.type !== 'opened') throw new Error(opened.reason);
      const bytes = await collect(opened.bytes, limit);
      return bytes && toAttached(link.name, bytes);
    } catch (error) {
      this.#options.logger.warn({ channel: link.channel, err: error }, 'failed to read a file; the model gets only its link');
      return undefined;
    }
  }
}
