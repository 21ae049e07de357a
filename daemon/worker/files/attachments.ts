/** Handles files of messages. They are stored before they are sent, so that each is on disk when its message is. */
import type { AttachmentFile, AttachmentNote } from '../../../shared/api/attachments.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { ChatImage } from '../providers/provider.js';
import {
  attachFiles,
  type AttachmentPlace,
  copyAttachments,
  insertAttachments,
  listAttachments,
  type NewFile,
  readAttachment,
  readContents,
  removeUnsent,
  type StoredFile,
} from '../store/conversations/attachments.js';
import { getSession } from '../store/conversations/sessions.js';
import type { Transaction } from '../store/transaction.js';
import type { Store } from '../store/store.js';
import { classifyFile, isRecording } from './classify-file.js';

/** What a model gets of the files of one message. */
export interface FilesOfMessage {
  /** To be appended to the text of the message. */
  readonly text: string;
  readonly images: readonly ChatImage[];
}

export const newFileId = (): string => newId('file');

function fileNotFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', { message: `there is no file '${id}'`, hint: 'Unsent files are kept for a day.' });
}

const quote = (name: string): string => name.replace(/["<>&\n]/g, '_');

/** The text that a model gets in place of images of a person. */
export const leftOut = (count: number): string =>
  `\n\n[${count === 1 ? 'An image was' : `${count} images were`} attached here, but left out: the request would be too large.]`;

const isImage = ({ mediaType }: AttachmentNote): boolean => mediaType.startsWith('image/');

/** Returns the images whose content was read. */
export function imagesOf(files: readonly AttachmentNote[], contents: ReadonlyMap<string, Buffer>): ChatImage[] {
  return files.filter(isImage).flatMap(({ id, mediaType }) => {
    const bytes = contents.get(id);
    return bytes === undefined ? [] : [{ mediaType, bytes }];
  });
}

function textOf(file: AttachmentNote, content: Buffer | undefined): string {
  const name = quote(file.name);
  if (isImage(file)) return `\n\n[An image, "${name}", was attached, but this model does not accept images.]`;
  if (isRecording(file)) return `\n\n[A recording, "${name}", was attached. Only its transcript can be read, if there is one.]`;
  return `\n\n<file name="${name}">\n${content?.toString('utf8') ?? ''}\n</file>`;
}

export class Attachments {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Stores a file for a message that is still to be sent. @throws SESSION_NOT_FOUND, INVALID_REQUEST */
  async upload(key: string, given: AttachmentFile): Promise<AttachmentNote> {
    const files = this.check([given]);
    const [note] = await this.#store.write(async (tx) => {
      const { id: sessionId } = await getSession(tx, key);
      return insertAttachments(tx, { sessionId, files, nowMs: this.#clock.now() });
    });
    if (note === undefined) throw new Error('no file was stored');
    return note;
  }

  /** @throws NOT_FOUND */
  async read(id: string): Promise<StoredFile> {
    const file = await this.#store.read((tx) => readAttachment(tx, id));
    if (file === undefined) throw fileNotFound(id);
    return file;
  }

  /** Removes a file that was not sent. @throws NOT_FOUND */
  async remove(id: string): Promise<void> {
    if (!(await this.#store.write((tx) => removeUnsent(tx, id)))) throw fileNotFound(id);
  }

  /** Returns the files as they are stored. @throws INVALID_REQUEST for one that cannot be attached */
  check(given: readonly AttachmentFile[]): NewFile[] {
    return given.map((file) => ({ ...classifyFile(file), id: newFileId() }));
  }

  /** Runs in a transaction. */
  async keep(tx: Transaction, { files, ...place }: AttachmentPlace & { files: readonly NewFile[] }): Promise<void> {
    await insertAttachments(tx, { ...place, files, nowMs: this.#clock.now() });
  }

  /** Attaches stored files to a message. Runs in a transaction. @throws NOT_FOUND for one that no longer exists */
  async attach(tx: Transaction, { ids, ...place }: AttachmentPlace & { ids: readonly string[] }): Promise<void> {
    const [missing] = await attachFiles(tx, { place, ids, newId: newFileId });
    if (missing !== undefined) throw fileNotFound(missing);
  }

  /** Copies the files of a message to its copy. Runs in a transaction. */
  async copy(tx: Transaction, from: AttachmentPlace, to: AttachmentPlace): Promise<void> {
    await copyAttachments(tx, { from, to, newId: newFileId, nowMs: this.#clock.now() });
  }

  /**
   * Returns what a model gets of the files of these messages, by message id. Only that is read: the images of a long chat may be larger
   * than the memory.
   * @param of.messageIds  the newest first, if images are chosen
   * @param of.hasRoom  whether to add an image of so many bytes to those before; undefined for a model that takes none
   */
  async forModel(of: {
    readonly sessionId: number;
    readonly messageIds: readonly string[];
    readonly hasRoom?: ((bytes: number) => boolean) | undefined;
  }): Promise<ReadonlyMap<string, FilesOfMessage>> {
    const { sessionId, messageIds, hasRoom } = of;
    return this.#store.read(async (tx) => {
      const notes = await listAttachments(tx, sessionId, messageIds);
      const files = messageIds.flatMap((id) => notes.get(id) ?? []);
      const read = files.filter((file) => (isImage(file) ? hasRoom?.(file.size) === true : !isRecording(file)));
      const contents = await readContents(
        tx,
        read.map(({ id }) => id),
      );
      return new Map(
        [...notes].map(([id, ofMessage]) => {
          const shown = imagesOf(ofMessage, contents);
          const missing = hasRoom === undefined ? 0 : ofMessage.filter(isImage).length - shown.length;
          const named = hasRoom === undefined ? ofMessage : ofMessage.filter((file) => !isImage(file));
          const texts = named.map((file) => textOf(file, contents.get(file.id)));
          return [id, { text: texts.join('') + (missing === 0 ? '' : leftOut(missing)), images: shown }];
        }),
      );
    });
  }
}
