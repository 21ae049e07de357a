/** A session as a file, written and read piece by piece: a long one needs no more memory than a short one. */
import { createHash } from 'node:crypto';
import { type SessionFile, sessionFileHeader, sessionFileMessage } from '../../../shared/api/session-archive.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { validate } from '../../../shared/api/validate.js';
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import { normaliseTag } from '../../../shared/sessions/filters.js';
import { findAgent } from '../config/agents.js';
import type { Attachments } from '../files/attachments.js';
import { appendMessage } from '../store/conversations/messages.js';
import { purgeInSteps } from '../store/conversations/purge.js';
import { dropStagedSession, publishSession, STAGED_AT, stageSession } from '../store/conversations/session-import.js';
import { purgeSessions } from '../store/conversations/session-removal.js';
import { changeSession, getSession, renewSession, type Session, toSessionDocument } from '../store/conversations/sessions.js';
import { type CallerKey, type KeyUse, keyUse, once } from '../store/idempotency.js';
import type { Transaction } from '../store/transaction.js';
import type { Store } from '../store/store.js';
import { SessionFileReader } from './session-file-reader.js';
import { type FileFormat, type FileHeader, writeSession } from './session-file-writer.js';
import { sessionOf } from './session-key.js';
import type { PublishSession } from './sessions.js';

export interface SessionFileOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly attachments: Pick<Attachments, 'check' | 'keep' | 'read'>;
  readonly publish: PublishSession;
  config(): Config;
}

type FileMessage = SessionFile['messages'][number];

/** Bounds one write, for which all others wait. */
const BATCH_MESSAGES = 200;
const BATCH_LENGTH = 262_144;

/** Returns about how many characters a message takes. */
const lengthOf = ({ content, attachments = [] }: FileMessage): number =>
  attachments.reduce((sum, { data }) => sum + data.length, content.length);

/** Fills a session that is not visible yet. */
class Import {
  readonly #options: SessionFileOptions;
  readonly #message = sessionFileMessage();
  #session: Session | undefined;
  #waiting: FileMessage[] = [];
  #length = 0;

  constructor(options: SessionFileOptions) {
    this.#options = options;
  }

  async add(messages: readonly unknown[]): Promise<void> {
    for (const value of messages) {
      const message = validate(this.#message, value, 'file');
      this.#waiting.push(message);
      this.#length += lengthOf(message);
      if (this.#waiting.length >= BATCH_MESSAGES || this.#length >= BATCH_LENGTH) await this.#flush();
    }
  }

  /** Makes the session visible. @param use  the caller's key. @returns the session that the key has made before, if `isRepeated` */
  async finish(first: unknown, use: KeyUse | undefined): Promise<{ session: SessionDocument; isRepeated: boolean }> {
    const { store, clock } = this.#options;
    const header = validate(sessionFileHeader(), first, 'file');
    await this.#flush();
    return store.write(async (tx) => {
      const { result: key, isRepeated } = await once(tx, { use, nowMs: clock.now(), act: () => this.#publish(tx, header) });
      return { session: toSessionDocument(await getSession(tx, key)), isRepeated };
    });
  }

  /** Returns the session's key. Runs in a write. */
  async #publish(tx: Transaction, { title, agentId, tags = [] }: FileHeader): Promise<string> {
    const config = this.#options.config();
    const known = config.agents.list.some(({ id }) => id === agentId);
    const agent = findAgent(config, known ? agentId : undefined);
    const { id, peerId } = this.#session ?? (await this.#stage(tx));
    const { key } = sessionOf({ agentId: agent.id, channel: 'webchat', peerId });
    const normalised = [...new Set(tags.map((tag) => normaliseTag(tag.toWellFormed())))];
    await changeSession(tx, id, { title: title.toWellFormed(), unread: false, tags: normalised });
    await renewSession(tx, { id, nowMs: this.#options.clock.now() });
    const isThere = await publishSession(tx, { id, key, agentId: agent.id, instanceId: this.#options.instanceId });
    if (!isThere) throw new Error('the imported session was removed meanwhile');
    return key;
  }

  /** Removes what was imported. */
  async abandon(): Promise<void> {
    const { store, instanceId } = this.#options;
    const session = this.#session;
    if (session === undefined) return;
    await store.write((tx) => dropStagedSession(tx, { id: session.id, instanceId }));
    await purgeInSteps(
      store,
      (tx) => purgeSessions(tx, STAGED_AT),
      () => true,
    );
  }

  /** Makes the session for the default agent: the header, which names the agent, may come last. Runs in a write. */
  async #stage(tx: Transaction): Promise<Session> {
    const { clock, instanceId } = this.#options;
    const parts = sessionOf({ agentId: findAgent(this.#options.config(), undefined).id, channel: 'webchat', peerId: newId('chat') });
    return stageSession(tx, { ...parts, nowMs: clock.now(), instanceId });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    if (batch.length === 0) return;
    const { store, attachments } = this.#options;
    this.#session = await store.write(async (tx) => {
      const session = this.#session ?? (await this.#stage(tx));
      for (const { role, content, createdAt, model, status, attachments: given = [] } of batch) {
        const message = { id: newId('msg'), sessionId: session.id, turnId: null, role, content: content.toWellFormed(), model, status };
        await appendMessage(tx, { ...message, nowMs: Date.parse(createdAt) });
        if (given.length === 0) continue;
        const named = given.map((file) => ({ ...file, name: file.name.toWellFormed() }));
        await attachments.keep(tx, { sessionId: session.id, messageId: message.id, files: attachments.check(named) });
      }
      return session;
    });
  }
}

export function createSessionFiles(options: SessionFileOptions) {
  const { store, clock, attachments, publish } = options;
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
     * Makes a session of the page, visible to everybody once all of it is on disk and to nobody before. The same key with the
     * same file returns the first session again.
     * @throws INVALID_REQUEST for an invalid file; CONFLICT for a key of another request; what `text` throws
     */
    async import(text: AsyncIterable<string>, format: 'json' | 'jsonl', caller?: CallerKey): Promise<SessionDocument> {
      const reader = new SessionFileReader(format);
      const into = new Import(options);
      const file = createHash('sha256');
      try {
        for await (const piece of text) {
          file.update(piece);
          await into.add(reader.push(piece));
        }
        const { session, isRepeated } = await into.finish(reader.end(), keyUse('sessions/import', caller, [format, file.digest('hex')]));
        if (isRepeated) {
          caller?.onReplay?.();
          // What this cannot remove is purged after this instance has ended.
          await into.abandon().catch(() => undefined);
        } else publish({ type: 'session', session: session.key, change: 'created' });
        return session;
      } catch (error) {
        await into.abandon().catch(() => undefined);
        throw error;
      }
    },
  };
}
