/** The service for whole sessions: changes, pages, copies, exports and imports them. */
import type { MessagePage } from '../../../shared/api/session-archive.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { normaliseTag } from '../../../shared/sessions/filters.js';
import { findAgent } from '../config/agents.js';
import type { Attachments } from '../files/attachments.js';
import { appendMessage, findMessage, type Message, readMessagesAfter, readNewestMessages } from '../store/conversations/messages.js';
import {
  changeSession,
  ensureSession,
  getSession,
  renewSession,
  type Session,
  type SessionChange,
  toSessionDocument,
} from '../store/conversations/sessions.js';
import { toMessageDocuments } from '../store/conversations/transcript.js';
import { type CallerKey, keyUse, once } from '../store/idempotency.js';
import { findSummary, insertSummary } from '../store/summaries/summaries.js';
import type { Transaction } from '../store/transaction.js';
import { createSessionFiles, type SessionFileOptions } from './session-files.js';
import { sessionOf } from './session-key.js';
import type { PublishSession } from './sessions.js';

export interface SessionArchiveOptions extends SessionFileOptions {
  readonly attachments: Pick<Attachments, 'copy' | 'check' | 'keep' | 'read'>;
  readonly publish: PublishSession;
  /** @throws MODEL_NOT_FOUND for a model that cannot be used */
  checkModel(ref: string): void;
}

const DEFAULT_PAGE = 100;
const BATCH = 500;

async function readAll(tx: Transaction, sessionId: number, untilSeq = Number.MAX_SAFE_INTEGER): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const batch = await readMessagesAfter(tx, { sessionId, afterSeq: all.at(-1)?.seq ?? 0, limit: BATCH });
    all.push(...batch.filter(({ seq }) => seq <= untilSeq));
    if (batch.length < BATCH || (batch.at(-1)?.seq ?? 0) >= untilSeq) return all;
  }
}

/** @throws INVALID_REQUEST for a tag that no search could name */
function normaliseTags(tags: readonly string[]): string[] {
  const normal = tags.map((tag) => normaliseTag(tag.toWellFormed()));
  const wrong = normal.find((tag) => tag === '' || tag.includes('"'));
  if (wrong !== undefined)
    throw new GatewayError('INVALID_REQUEST', { message: `invalid tag '${wrong}': it is empty or contains a quote` });
  return [...new Set(normal)];
}

/** What a copy of a summary took. */
const NO_USAGE = { inputTokens: null, outputTokens: null, costUsd: null };

/** Returns the summary that holds for the copy, too. After `/new`, the copy has more in its context than the summaries cover. */
async function findForkedSummary(tx: Transaction, source: Session, untilSeq = Number.MAX_SAFE_INTEGER - 1) {
  if (source.contextAfterSeq > 0) return undefined;
  return findSummary(tx, { sessionId: source.id, afterSeq: 0, beforeSeq: untilSeq + 1 });
}

/** Copies a session up to a message, or whole, and returns the key of the copy. Runs in a write. */
async function copySession(
  tx: Transaction,
  options: SessionArchiveOptions,
  { key, messageId, nowMs }: { key: string; messageId: string | undefined; nowMs: number },
): Promise<string> {
  const source = await getSession(tx, key);
  const last = messageId === undefined ? undefined : await findMessage(tx, messageId);
  if (messageId !== undefined && (last?.sessionId !== source.id || last.parentSeq !== null)) {
    throw new GatewayError('CONFLICT', {
      message: `the message '${messageId}' is not in this session, or another variant is chosen`,
      hint: 'Reload the session; POST /api/sessions/:key/choose chooses a variant.',
    });
  }
  const agent = findAgent(options.config(), source.agentId);
  const parts = sessionOf({ agentId: agent.id, channel: 'webchat', peerId: newId('chat') });
  const { session: copy } = await ensureSession(tx, { ...parts, nowMs });
  const summary = await findForkedSummary(tx, source, last?.seq);
  for (const { seq, id, role, content, model, status, createdAtMs, durationMs } of await readAll(tx, source.id, last?.seq)) {
    const to = { sessionId: copy.id, messageId: newId('msg') };
    const copied = { id: to.messageId, sessionId: copy.id, turnId: null, nowMs: createdAtMs };
    const coversSeq = await appendMessage(tx, { ...copied, role, content, model, status, durationMs });
    if (seq === summary?.coversSeq)
      await insertSummary(tx, { ...summary, id: newId('sum'), sessionId: copy.id, coversSeq, usage: NO_USAGE, nowMs });
    if (role === 'user' || role === 'tool') await options.attachments.copy(tx, { sessionId: source.id, messageId: id }, to);
  }
  const title = source.title === null ? {} : { title: source.title };
  await changeSession(tx, copy.id, { ...title, model: source.model, unread: false });
  await renewSession(tx, { id: copy.id, nowMs });
  return copy.key;
}

export type SessionArchive = ReturnType<typeof createSessionArchive>;

export function createSessionArchive(options: SessionArchiveOptions) {
  const { store, clock, publish } = options;
  const files = createSessionFiles(options);
  return {
    /** Changes what people decide about a session; what is not named stays. @throws SESSION_NOT_FOUND, MODEL_NOT_FOUND */
    async change(key: string, { tags, ...change }: SessionChange): Promise<SessionDocument> {
      if (typeof change.model === 'string') options.checkModel(change.model);
      const title = change.title === undefined ? {} : { title: change.title.toWellFormed() };
      const normalised = { ...change, ...title, ...(tags === undefined ? {} : { tags: normaliseTags(tags) }) };
      const changed = await store.write(async (tx) => {
        const { id } = await getSession(tx, key);
        await changeSession(tx, id, normalised);
        return toSessionDocument(await getSession(tx, key));
      });
      publish({ type: 'session', session: key, change: 'updated' });
      return changed;
    },

    /** Returns the newest `limit` (default 100) messages before that `seq`, oldest first. @throws SESSION_NOT_FOUND */
    async messages(key: string, { before, limit = DEFAULT_PAGE }: { before?: number; limit?: number }): Promise<MessagePage> {
      return store.read(async (tx) => {
        const { id, contextAfterSeq } = await getSession(tx, key);
        const range = { sessionId: id, limit: limit + 1, ...(before === undefined ? {} : { beforeSeq: before }) };
        const newest = await readNewestMessages(tx, range);
        const page = newest.slice(0, limit).toReversed();
        const summary = before === undefined ? await findSummary(tx, { sessionId: id, afterSeq: contextAfterSeq }) : undefined;
        return {
          messages: await toMessageDocuments(tx, page, before === undefined),
          hasOlder: newest.length > limit,
          ...(summary === undefined ? {} : { summary: { id: summary.id, seq: summary.coversSeq } }),
        };
      });
    },

    /**
     * Makes a session of the page with the messages up to that one.
     * @throws SESSION_NOT_FOUND; CONFLICT for a message of another session
     */
    async fork(key: string, messageId: string | undefined, caller?: CallerKey): Promise<SessionDocument> {
      const nowMs = clock.now();
      const use = keyUse('sessions/fork', caller, [key, messageId]);
      const { session, isRepeated } = await store.write(async (tx) => {
        const done = await once(tx, { use, nowMs, act: () => copySession(tx, options, { key, messageId, nowMs }) });
        return { ...done, session: toSessionDocument(await getSession(tx, done.result)) };
      });
      if (isRepeated) caller?.onReplay?.();
      else publish({ type: 'session', session: session.key, change: 'created' });
      return session;
    },

    ...files,
  };
}
