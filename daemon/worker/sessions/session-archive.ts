/** Whole sessions: changed, read page by page, copied, written to a file and read from one. */
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { normaliseTag } from '../../../shared/session-filters.js';
import { appendMessage, findMessage, readMessagesAfter, readNewestMessages } from '../store/conversations/messages.js';
import type { MessageRow, SessionRow } from '../store/schema.js';
import { changeShelf, type ShelfChange } from '../store/conversations/session-shelf.js';
import { ensureSession, findSession, setSessionModel, setSessionTitle } from '../store/conversations/sessions.js';
import type { Attachments } from '../files/attachments.js';
import { findAgent } from '../config/agents.js';
import type { MessageDocument, SessionDocument } from '../contracts.js';
import { toMessageDocuments, toSessionDocument } from './documents.js';
import { type CallerKey, keyUse, once } from './idempotency.js';
import { createSessionFiles, type SessionFileOptions, type SessionFiles } from './session-files.js';
import { sessionOf } from './session-key.js';
import { sessionNotFound } from './sessions.js';
import type { Transaction } from '../store/transaction.js';

export interface SessionArchiveOptions extends SessionFileOptions {
  readonly attachments: Pick<Attachments, 'copy' | 'judge' | 'keep' | 'read'>;
  /** @throws MODEL_NOT_FOUND for a model that cannot be used */
  checkModel(ref: string): void;
}

/** What is not named stays. `tags` are all of them. */
export interface SessionChange extends ShelfChange {
  readonly title?: string;
  readonly model?: string | null;
}

export interface SessionArchive extends SessionFiles {
  /** @throws SESSION_NOT_FOUND, MODEL_NOT_FOUND */
  change(key: string, change: SessionChange): Promise<SessionDocument>;
  /** The newest `limit` (default 100) before that message, oldest first. @throws SESSION_NOT_FOUND */
  messages(
    key: string,
    page: { before?: number; limit?: number },
  ): Promise<{ messages: (MessageDocument & { seq: number })[]; hasOlder: boolean }>;
  /** A new session of the page with the messages up to that one. @throws SESSION_NOT_FOUND; CONFLICT for a message of another session */
  fork(key: string, messageId: string | undefined, idempotency?: CallerKey): Promise<SessionDocument>;
}

const DEFAULT_PAGE = 100;
const BATCH = 500;

async function open(tx: Transaction, key: string): Promise<SessionRow> {
  const row = await findSession(tx, key);
  if (row === undefined) throw sessionNotFound(key);
  return row;
}

async function readAll(tx: Transaction, sessionId: number, untilSeq = Number.MAX_SAFE_INTEGER): Promise<MessageRow[]> {
  const all: MessageRow[] = [];
  for (;;) {
    const rows = await readMessagesAfter(tx, { sessionId, afterSeq: all.at(-1)?.seq ?? 0, limit: BATCH });
    all.push(...rows.filter(({ seq }) => seq <= untilSeq));
    if (rows.length < BATCH || (rows.at(-1)?.seq ?? 0) >= untilSeq) return all;
  }
}

type Copied = Pick<MessageRow, 'role' | 'content' | 'model' | 'status'> & {
  readonly atMs: number;
  /** Runs in a write, once it is copied. */
  readonly copied?: (tx: Transaction, place: { sessionId: number; messageId: string }) => Promise<void>;
};

interface NewCopy {
  readonly agentId: string;
  readonly title: string | null;
  readonly messages: readonly Copied[];
  readonly nowMs: number;
}

/** @throws INVALID_REQUEST for one that nobody could look for */
function normaliseTags(tags: readonly string[]): string[] {
  const normal = tags.map((tag) => normaliseTag(tag.toWellFormed()));
  const wrong = normal.find((tag) => tag === '' || tag.includes('"'));
  if (wrong !== undefined)
    throw new GatewayError('INVALID_REQUEST', { message: `'${wrong}' cannot be a tag: it is empty or has a quote in it` });
  return [...new Set(normal)];
}

/** Runs in a write. */
async function addSession(tx: Transaction, { agentId, title, messages, nowMs }: NewCopy): Promise<SessionRow> {
  const session = sessionOf({ agentId, channel: 'webchat', peerId: newId('chat') });
  const { row } = await ensureSession(tx, { ...session, nowMs });
  for (const { role, content, model, status, atMs, copied } of messages) {
    const id = newId('msg');
    await appendMessage(tx, { id, sessionId: row.id, turnId: null, role, content, model, status, nowMs: atMs });
    await copied?.(tx, { sessionId: row.id, messageId: id });
  }
  if (title !== null) await setSessionTitle(tx, { id: row.id, title });
  await changeShelf(tx, row.id, { unread: false });
  return open(tx, session.key);
}

/** Runs in a write. @returns the copy's key @throws as {@link SessionArchive.fork} */
async function copySession(
  tx: Transaction,
  options: SessionArchiveOptions,
  { key, messageId, nowMs }: { key: string; messageId: string | undefined; nowMs: number },
): Promise<string> {
  const source = await open(tx, key);
  const last = messageId === undefined ? undefined : await findMessage(tx, messageId);
  if (messageId !== undefined && (last?.session_id !== source.id || last.parent_seq !== null)) {
    throw new GatewayError('CONFLICT', {
      message: `the message '${messageId}' is not in this session, or another variant is chosen`,
      hint: 'Read the session again; POST /api/sessions/:key/choose chooses a variant.',
    });
  }
  const rows = await readAll(tx, source.id, last?.seq);
  const messages = rows.map((row) => {
    const from = { sessionId: source.id, messageId: row.id };
    const copied: Copied['copied'] = (transaction, to) => options.attachments.copy(transaction, from, to);
    return { ...row, atMs: row.created_at, ...(row.role === 'user' ? { copied } : {}) };
  });
  const agent = findAgent(options.config(), source.agent_id);
  const { id, key: copyKey } = await addSession(tx, { agentId: agent.id, title: source.title, messages, nowMs });
  if (source.model !== null) await setSessionModel(tx, { id, model: source.model });
  return copyKey;
}

export function createSessionArchive(options: SessionArchiveOptions): SessionArchive {
  const { store, clock } = options;
  return {
    async change(key, { title, model, tags, ...flags }) {
      if (typeof model === 'string') options.checkModel(model);
      const shelf: ShelfChange = tags === undefined ? flags : { ...flags, tags: normaliseTags(tags) };
      return store.write(async (tx) => {
        const { id } = await open(tx, key);
        if (title !== undefined) await setSessionTitle(tx, { id, title: title.toWellFormed() });
        if (model !== undefined) await setSessionModel(tx, { id, model });
        await changeShelf(tx, id, shelf);
        return toSessionDocument(await open(tx, key));
      });
    },

    async messages(key, { before, limit = DEFAULT_PAGE }) {
      return store.read(async (tx) => {
        const { id } = await open(tx, key);
        const range = { sessionId: id, limit: limit + 1, ...(before === undefined ? {} : { beforeSeq: before }) };
        const newest = await readNewestMessages(tx, range);
        const rows = newest.slice(0, limit).toReversed();
        return { messages: await toMessageDocuments(tx, rows, before === undefined), hasOlder: newest.length > limit };
      });
    },

    async fork(key, messageId, caller) {
      const nowMs = clock.now();
      const use = keyUse('sessions/fork', caller, [key, messageId]);
      const { row, isRepeated } = await store.write(async (tx) => {
        const done = await once(tx, { use, nowMs, act: () => copySession(tx, options, { key, messageId, nowMs }) });
        return { ...done, row: await open(tx, done.result) };
      });
      if (isRepeated) caller?.onReplay?.();
      return toSessionDocument(row);
    },

    ...createSessionFiles(options),
  };
}
