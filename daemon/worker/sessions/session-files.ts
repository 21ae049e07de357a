/** A session as a file, written and read piece by piece: a long one needs no more memory than a short one. */
import { createHash } from 'node:crypto';
import { type SessionFile, sessionFileHeader, sessionFileMessage } from '../../../shared/api/session-archive.js';
import { type Schema, validate } from '../../../shared/api/validate.js';
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import { normaliseTag } from '../../../shared/session-filters.js';
import { appendMessage } from '../store/conversations/messages.js';
import { purgeInSteps } from '../store/conversations/purge.js';
import type { SessionRow } from '../store/schema.js';
import { changeShelf } from '../store/conversations/session-shelf.js';
import { dropStagedSession, publishSession, STAGED_AT, stageSession } from '../store/conversations/session-staging.js';
import { findSession, purgeSessions, setSessionTitle } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { findAgent } from '../config/agents.js';
import type { Attachments } from '../files/attachments.js';
import type { SessionDocument } from '../contracts.js';
import { toSessionDocument } from './documents.js';
import { type CallerKey, type KeyUse, keyUse, once } from './idempotency.js';
import { JsonFile, JsonLinesFile, wrongFile } from './session-file-reader.js';
import { type FileFormat, type FileHeader, writeSession } from './session-file-writer.js';
import { sessionOf } from './session-key.js';
import { sessionNotFound } from './sessions.js';
import { queriesOf, type Transaction } from '../store/transaction.js';

export interface SessionFileOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly attachments: Pick<Attachments, 'judge' | 'keep' | 'read'>;
  config(): Config;
}

export type { FileFormat } from './session-file-writer.js';

export interface SessionFiles {
  /** @returns the file's text, piece by piece. @throws SESSION_NOT_FOUND before the first */
  export(key: string, format: FileFormat): Promise<{ readonly title: string; readonly text: AsyncIterable<string> }>;
  /**
   * A new session of the page, seen by everybody when all of it is on disk and by nobody before. The same key with the same
   * file gives the first one again.
   * @throws INVALID_REQUEST for what is no export; CONFLICT for a key of another request; what `text` throws
   */
  import(text: AsyncIterable<string>, format: 'json' | 'jsonl', caller?: CallerKey): Promise<SessionDocument>;
}

type FileMessage = SessionFile['messages'][number];

/** What one write takes: others wait for it. */
const BATCH_MESSAGES = 200;
const BATCH_LENGTH = 262_144;

function parse<T>(text: string, schema: Schema<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrongFile(`'${text.slice(0, 60)}' is not valid JSON.`);
  }
  return validate(schema, value, 'file');
}

/** Fills a session that nobody sees yet. */
class Import {
  readonly #options: SessionFileOptions;
  readonly #message = sessionFileMessage();
  #row: SessionRow | undefined;
  #waiting: FileMessage[] = [];
  #length = 0;

  constructor(options: SessionFileOptions) {
    this.#options = options;
  }

  async add(texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      this.#waiting.push(parse(text, this.#message));
      this.#length += text.length;
      if (this.#waiting.length >= BATCH_MESSAGES || this.#length >= BATCH_LENGTH) await this.#flush();
    }
  }

  /** @param use  the caller's key, if any. @returns whether it is a session that the key has made before; this one is then not seen */
  async finish(text: string, use: KeyUse | undefined): Promise<{ session: SessionDocument; isRepeated: boolean }> {
    const { store, clock } = this.#options;
    const header = parse(text, sessionFileHeader());
    await this.#flush();
    return store.write(async (tx) => {
      const { result: key, isRepeated } = await once(tx, { use, nowMs: clock.now(), act: () => this.#publish(tx, header) });
      const row = await findSession(tx, key);
      if (row === undefined) throw sessionNotFound(key);
      return { session: toSessionDocument(row), isRepeated };
    });
  }

  /** Runs in a write. @returns the session's key */
  async #publish(tx: Transaction, { title, agentId, tags = [] }: FileHeader): Promise<string> {
    const config = this.#options.config();
    const known = config.agents.list.some(({ id }) => id === agentId);
    const agent = findAgent(config, known ? agentId : undefined);
    const { id, key } = this.#row ?? (await this.#stage(tx));
    const own = sessionOf({ agentId: agent.id, channel: 'webchat', peerId: key.split(':').slice(4).join(':') });
    await queriesOf(tx).updateTable('sessions').set({ agent_id: agent.id, key: own.key }).where('id', '=', id).execute();
    await setSessionTitle(tx, { id, title: title.toWellFormed() });
    await changeShelf(tx, id, { unread: false, tags: [...new Set(tags.map((tag) => normaliseTag(tag.toWellFormed())))] });
    const isThere = await publishSession(tx, { id, instanceId: this.#options.instanceId });
    if (!isThere) throw new Error('the imported session was removed meanwhile');
    return own.key;
  }

  /** Nothing stays of it. */
  async abandon(): Promise<void> {
    const { store, instanceId } = this.#options;
    const row = this.#row;
    if (row === undefined) return;
    await store.write((tx) => dropStagedSession(tx, { id: row.id, instanceId }));
    await purgeInSteps(
      store,
      (tx) => purgeSessions(tx, STAGED_AT),
      () => true,
    );
  }

  /** Runs in a write. Whose it will be is in the header, which may come last. */
  async #stage(tx: Transaction): Promise<SessionRow> {
    const { clock, instanceId } = this.#options;
    const session = sessionOf({ agentId: findAgent(this.#options.config(), undefined).id, channel: 'webchat', peerId: newId('chat') });
    return stageSession(tx, { ...session, nowMs: clock.now(), instanceId });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    if (batch.length === 0) return;
    const { store, attachments } = this.#options;
    this.#row = await store.write(async (tx) => {
      const row = this.#row ?? (await this.#stage(tx));
      for (const { role, content, createdAt, model, status, attachments: given = [] } of batch) {
        const message = { id: newId('msg'), sessionId: row.id, turnId: null, role, content: content.toWellFormed(), model, status };
        await appendMessage(tx, { ...message, nowMs: Date.parse(createdAt) });
        if (given.length === 0) continue;
        const named = given.map((file) => ({ ...file, name: file.name.toWellFormed() }));
        await attachments.keep(tx, { session: row, messageId: message.id, files: attachments.judge(named) });
      }
      return row;
    });
  }
}

export function createSessionFiles(options: SessionFileOptions): SessionFiles {
  const { store, clock, attachments } = options;
  return {
    async export(key, format) {
      const session = await store.read((tx) => findSession(tx, key));
      if (session === undefined) throw sessionNotFound(key);
      const { title, agentId, channel, tags } = toSessionDocument(session);
      const named = { format: 'xopc-session', version: 1, title, agentId, ...(tags.length === 0 ? {} : { tags: [...tags] }) } as const;
      const header: FileHeader = { ...named, channel, exportedAt: new Date(clock.now()).toISOString() };
      return { title, text: writeSession({ store, attachments, session, format, header }) };
    },

    async import(text, format, caller) {
      const reader = format === 'jsonl' ? new JsonLinesFile() : new JsonFile();
      const into = new Import(options);
      const file = createHash('sha256');
      try {
        for await (const piece of text) {
          file.update(piece);
          await into.add(reader.push(piece));
        }
        const { messages, header } = reader.end();
        await into.add(messages);
        const { session, isRepeated } = await into.finish(header, keyUse('sessions/import', caller, [format, file.digest('hex')]));
        if (isRepeated) {
          caller?.onReplay?.();
          // What stays is purged when this instance has ended.
          await into.abandon().catch(() => undefined);
        }
        return session;
      } catch (error) {
        await into.abandon().catch(() => undefined);
        throw error;
      }
    },
  };
}
