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
  type NewFile,
  readAttachment,
  readAttachments,
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

function textOf({ name, mediaType, content }: StoredFile): string {
  if (mediaType.startsWith('image/')) return `\n\n[An image, "${quote(name)}", was attached, but this model does not accept images.]`;
  if (isRecording({ mediaType }))
    return `\n\n[A recording, "${quote(name)}", was attached. Only its transcript can be read, if there is one.]`;
  return `\n\n<file name="${quote(name)}">\n${content.toString('utf8')}\n</file>`;
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

  /** Returns what a model gets of the files of these messages, by message id. */
  async forModel(of: {
    sessionId: number;
    messageIds: readonly string[];
    takesImages: boolean;
  }): Promise<ReadonlyMap<string, FilesOfMessage>> {
    const files = await this.#store.read((tx) => readAttachments(tx, of.sessionId, of.messageIds));
    const found = new Map<string, FilesOfMessage>();
    for (const file of files) {
      const { text, images } = found.get(file.messageId) ?? { text: '', images: [] };
      const image = { mediaType: file.mediaType, bytes: file.content };
      const isShown = of.takesImages && file.mediaType.startsWith('image/');
      found.set(file.messageId, isShown ? { text, images: [...images, image] } : { text: text + textOf(file), images });
    }
    return found;
  }
}
