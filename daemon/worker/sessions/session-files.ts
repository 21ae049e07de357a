/** Exports and imports a session as a file, piece by piece, so that a long one needs no more memory than a short one. */
import { createHash } from 'node:crypto';
import { type SessionFile, sessionFileHeader, sessionFileMessage } from '../../../shared/api/session-archive.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { validate } from '../../../shared/api/validate.js';
import { newId } from '../../../shared/ids.js';
import { normaliseTag } from '../../../shared/sessions/filters.js';
import { findAgent } from '../config/agents.js';
import type { Attachments } from '../files/attachments.js';
import { insertMessages } from '../store/conversations/messages.js';
import { getSession, toSessionDocument } from '../store/conversations/sessions.js';
import { type CallerKey, keyUse } from '../store/idempotency.js';
import { type Filled, makeSession, type SessionMakerOptions, type Step, STEP_LENGTH, STEP_MESSAGES } from './make-session.js';
import { SessionFileReader } from './session-file-reader.js';
import { type FileFormat, type FileHeader, writeSession } from './session-file-writer.js';

export interface SessionFileOptions extends SessionMakerOptions {
  readonly attachments: Pick<Attachments, 'check' | 'keep' | 'read'>;
}

type FileMessage = SessionFile['messages'][number];

/** Returns the approximate number of characters of a message. */
const lengthOf = ({ content, attachments = [] }: FileMessage): number =>
  attachments.reduce((sum, { data }) => sum + data.length, content.length);

/** Adds the messages of a file to a session, step by step. */
class Import {
  readonly #options: SessionFileOptions;
  readonly #step: Step;
  readonly #message = sessionFileMessage();
  #waiting: FileMessage[] = [];
  #length = 0;

  constructor(options: SessionFileOptions, step: Step) {
    this.#options = options;
    this.#step = step;
  }

  async add(messages: readonly unknown[]): Promise<void> {
    for (const value of messages) {
      const message = validate(this.#message, value, 'file');
      this.#waiting.push(message);
      this.#length += lengthOf(message);
      if (this.#waiting.length >= STEP_MESSAGES || this.#length >= STEP_LENGTH) await this.#flush();
    }
  }

  /** @param first  the file's data about the session */
  async finish(first: unknown): Promise<Omit<Filled, 'use'>> {
    const { title, agentId, tags = [] } = validate(sessionFileHeader(), first, 'file');
    await this.#flush();
    const config = this.#options.config();
    const known = config.agents.list.some(({ id }) => id === agentId);
    const normalised = [...new Set(tags.map((tag) => normaliseTag(tag.toWellFormed())))];
    return { agentId: findAgent(config, known ? agentId : undefined).id, change: { title: title.toWellFormed(), tags: normalised } };
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    if (batch.length === 0) return;
    const { attachments } = this.#options;
    await this.#step(async (tx, { id: sessionId }) => {
      const messages = batch.map((message) => ({ ...message, id: newId('msg') }));
      await insertMessages(
        tx,
        sessionId,
        messages.map(({ id, role, content, createdAt, model, status }) => ({
          id,
          role,
          content: content.toWellFormed(),
          model,
          status,
          turnId: null,
          nowMs: Date.parse(createdAt),
        })),
      );
      for (const { id: messageId, attachments: given = [] } of messages) {
        if (given.length === 0) continue;
        const named = given.map((file) => ({ ...file, name: file.name.toWellFormed() }));
        await attachments.keep(tx, { sessionId, messageId, files: attachments.check(named) });
      }
    });
  }
}

export function createSessionFiles(options: SessionFileOptions) {
  const { store, clock, attachments } = options;
  return {
    /** Returns the file's text, piece by piece. @throws SESSION_NOT_FOUND before the first piece */
    async export(key: string, format: FileFormat): Promise<{ readonly title: string; readonly text: AsyncIterable<string> }> {
      const session = await store.read((tx) => getSession(tx, key));
      const { title, agentId, channel, tags } = toSessionDocument(session);
      const named = { format: 'xopc-session', version: 1, title, agentId, ...(tags.length === 0 ? {} : { tags }) } as const;
      const header: FileHeader = { ...named, channel, exportedAt: new Date(clock.now()).toISOString() };
      return { title, text: writeSession({ store, attachments, sessionId: session.id, format, header }) };
    },

    /**
     * Creates a page session, which becomes visible once all of it is on disk. The same key with the same file returns the first
     * session again.
     * @throws INVALID_REQUEST for an invalid file; CONFLICT for a key used by another request; the errors of `text`
     */
    async import(text: AsyncIterable<string>, format: 'json' | 'jsonl', caller?: CallerKey): Promise<SessionDocument> {
      return makeSession(options, caller, async (step) => {
        const reader = new SessionFileReader(format);
        const into = new Import(options, step);
        const file = createHash('sha256');
        for await (const piece of text) {
          file.update(piece);
          await into.add(reader.push(piece));
        }
        const filled = await into.finish(reader.end());
        return { ...filled, use: keyUse('sessions/import', caller, [format, file.digest('hex')]) };
      });
    },
  };
}
