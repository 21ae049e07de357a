/** Files of messages: taken in before they are sent, so that each is on disk when its message is. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type * as files from '../lazy/files.js';
import type { FileNote, GivenFile, SoundFile } from './file.js';
import type { FilesOfMessage } from './for-model.js';
import { hasAttachments } from '../store/conversations/attachments.js';
import type { Queries, SessionRow } from '../store/schema.js';
import { findSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { sessionNotFound } from '../sessions/sessions.js';

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
    const notes = await store.write(async (db) => {
      const row = await findSession(db, session);
      if (row === undefined) throw sessionNotFound(session);
      return this.#files.insertFiles(db, { sessionId: row.id, files, nowMs: clock.now() });
    });
    const [note] = notes;
    if (note === undefined) throw new Error('no file was stored');
    return note;
  }

  async read(id: string): Promise<SoundFile> {
    const file = await this.#options.store.read((db) => this.#files.readFile(db, id));
    if (file === undefined) throw fileNotFound(id);
    return file;
  }

  async remove(id: string): Promise<void> {
    if (!(await this.#options.store.write((db) => this.#files.removeUnsent(db, id)))) throw fileNotFound(id);
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
  async keep(db: Queries, kept: { session: SessionRow; messageId: string; files: readonly (SoundFile & { id: string })[] }): Promise<void> {
    const { session, messageId, files: sound } = kept;
    await this.#files.insertFiles(db, { sessionId: session.id, messageId, files: sound, nowMs: this.#options.clock.now() });
  }

  /** Runs in a write. @throws NOT_FOUND for one that is not there any more */
  async attach(
    db: Queries,
    { session, messageId, ids }: { session: SessionRow; messageId: string; ids: readonly string[] },
  ): Promise<void> {
    if (ids.length === 0) return;
    const [missing] = await this.#files.attach(db, { place: { sessionId: session.id, messageId }, ids, newId: newFileId });
    if (missing !== undefined) throw fileNotFound(missing);
  }

  /** Runs in a write. What belongs to a message belongs to its copy. */
  async copy(db: Queries, from: { sessionId: number; messageId: string }, to: { sessionId: number; messageId: string }): Promise<void> {
    if (!(await hasAttachments(db, from.sessionId))) return;
    await this.#files.copyFiles(db, { from, to, newId: newFileId, nowMs: this.#options.clock.now() });
  }

  /** @returns what a model is given of the files of those messages */
  async forModel(of: {
    sessionId: number;
    messageIds: readonly string[];
    takesImages: boolean;
  }): Promise<ReadonlyMap<string, FilesOfMessage>> {
    return this.#options.store.read(async (db) =>
      (await hasAttachments(db, of.sessionId)) ? this.#files.readForModel(db, of) : new Map<string, FilesOfMessage>(),
    );
  }

  get #files(): FilesModule {
    return (this.#module ??= this.#options.load());
  }
}
