/** Files of messages: taken in before they are sent, so that each is on disk when its message is. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type * as files from '../lazy/files.js';
import type { FileNote, GivenFile, SoundFile } from './file.js';
import type { FilesOfMessage } from './for-model.js';
import { hasAttachments } from '../store/conversations/attachments.js';
import type { SessionRow } from '../store/schema.js';
import { findSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { sessionNotFound } from '../sessions/sessions.js';
import type { Transaction } from '../store/transaction.js';

/** Exports of the bundle that works with files, loaded when the first one comes. */
export type FilesModule = typeof files;

export interface AttachmentOptions {
  readonly store: Store;
  readonly clock: Clock;
  load(): FilesModule;
}

export interface AttachmentService {
  /** Keeps a file for a message that is still to be sent. @throws SESSION_NOT_FOUND, INVALID_REQUEST */
  upload(session: string, file: GivenFile): Promise<FileNote>;
  /** @throws NOT_FOUND */
  read(id: string): Promise<SoundFile>;
  /** Forgets a file that was not sent. @throws NOT_FOUND */
  remove(id: string): Promise<void>;
}

const newFileId = (): string => newId('file');

function fileNotFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', { message: `there is no such file '${id}'`, hint: 'One that is not sent is kept for a day.' });
}

export class Attachments implements AttachmentService {
  readonly #options: AttachmentOptions;
  #module: FilesModule | undefined;

  constructor(options: AttachmentOptions) {
    this.#options = options;
  }

  async upload(session: string, given: GivenFile): Promise<FileNote> {
    const files = this.judge([given]);
    const { store, clock } = this.#options;
    const notes = await store.write(async (tx) => {
      const row = await findSession(tx, session);
      if (row === undefined) throw sessionNotFound(session);
      return this.#files.insertFiles(tx, { sessionId: row.id, files, nowMs: clock.now() });
    });
    const [note] = notes;
    if (note === undefined) throw new Error('no file was stored');
    return note;
  }

  async read(id: string): Promise<SoundFile> {
    const file = await this.#options.store.read((tx) => this.#files.readFile(tx, id));
    if (file === undefined) throw fileNotFound(id);
    return file;
  }

  async remove(id: string): Promise<void> {
    if (!(await this.#options.store.write((tx) => this.#files.removeUnsent(tx, id)))) throw fileNotFound(id);
  }

  /** @throws INVALID_REQUEST for one that cannot be attached */
  judge(given: readonly GivenFile[]): (SoundFile & { id: string })[] {
    return given.map((each) => {
      const verdict = this.#files.judgeFile(each);
      if ('problem' in verdict) throw new GatewayError('INVALID_REQUEST', verdict.problem);
      return { ...verdict.file, id: newFileId() };
    });
  }

  /** Runs in a write. */
  async keep(
    tx: Transaction,
    kept: { session: SessionRow; messageId: string; files: readonly (SoundFile & { id: string })[] },
  ): Promise<void> {
    const { session, messageId, files: sound } = kept;
    await this.#files.insertFiles(tx, { sessionId: session.id, messageId, files: sound, nowMs: this.#options.clock.now() });
  }

  /** Runs in a write. @throws NOT_FOUND for one that is not there any more */
  async attach(
    tx: Transaction,
    { session, messageId, ids }: { session: SessionRow; messageId: string; ids: readonly string[] },
  ): Promise<void> {
    if (ids.length === 0) return;
    const [missing] = await this.#files.attach(tx, { place: { sessionId: session.id, messageId }, ids, newId: newFileId });
    if (missing !== undefined) throw fileNotFound(missing);
  }

  /** Runs in a write. What belongs to a message belongs to its copy. */
  async copy(tx: Transaction, from: { sessionId: number; messageId: string }, to: { sessionId: number; messageId: string }): Promise<void> {
    if (!(await hasAttachments(tx, from.sessionId))) return;
    await this.#files.copyFiles(tx, { from, to, newId: newFileId, nowMs: this.#options.clock.now() });
  }

  /** @returns what a model is given of the files of those messages */
  async forModel(of: {
    sessionId: number;
    messageIds: readonly string[];
    takesImages: boolean;
  }): Promise<ReadonlyMap<string, FilesOfMessage>> {
    return this.#options.store.read(async (tx) =>
      (await hasAttachments(tx, of.sessionId)) ? this.#files.readForModel(tx, of) : new Map<string, FilesOfMessage>(),
    );
  }

  get #files(): FilesModule {
    return (this.#module ??= this.#options.load());
  }
}
