/** The service for sessions: creates, lists, searches, reads and deletes them. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type {
  ListedSession,
  SessionDocument,
  SessionListQuery,
  SessionPage,
  SessionStorage,
  SessionTranscript,
} from '../../../shared/api/sessions.js';
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { webchatLane } from '../channels/webchat.js';
import { findAgent } from '../config/agents.js';
import { readNewestMessages } from '../store/conversations/messages.js';
import { listSessions, readListedSessions, type SessionPosition } from '../store/conversations/session-list.js';
import { findNewestMatches } from '../store/conversations/session-search.js';
import { deleteSession, findDeletedSession, restoreSession } from '../store/conversations/session-removal.js';
import {
  ensureSession,
  findEmptySession,
  findSession,
  getSession,
  listTags,
  renewSession,
  type Session,
  sessionNotFound,
  toSessionDocument,
} from '../store/conversations/sessions.js';
import { toMessageDocuments } from '../store/conversations/transcript.js';
import { requestTurnStop } from '../store/conversations/turn-stops.js';
import { withdrawChat } from '../store/delivery/inbox-stops.js';
import { type CallerKey, keyUse, once } from '../store/idempotency.js';
import type { Liveness } from '../store/liveness.js';
import { invalidCursor, pageOf } from '../store/pages.js';
import type { Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { namedSession, parseSessionKey, sessionOf } from './session-key.js';
import { parseSessionQuery } from './session-query.js';
import { isExpired, readSessionStorage } from './session-retention.js';
import { createSummaryService } from './session-summaries.js';
import { snippetOf } from './snippet.js';

/** Called when a session has changed, once that is on disk. */
export type PublishSession = (event: Extract<GatewayEvent, { type: 'session' }>) => void;

export interface SessionServiceOptions extends Deps<'store' | 'clock' | 'config'> {
  readonly publish: PublishSession;
  readonly liveness: Pick<Liveness, 'isAlone'>;
  /** Ends the turns that this worker runs in a session that was deleted. */
  stopTurns(sessionKey: string): void;
}

/** How long a deleted session can be restored. */
export const SESSION_UNDO_MS = 7 * 24 * 60 * 60 * 1_000;
const DEFAULT_LIMIT = 50;
const MAX_TAGS_LISTED = 500;
/** Default number of messages; a longer session is limited to the newest. */
const MAX_MESSAGES_SHOWN = 1_000;

function sessionLives(key: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the session '${key}' is not deleted, or its chat has a new one`,
    details: { session: key },
    hint: 'Delete the current session first to restore the deleted one.',
  });
}

function encodeCursor({ archived, pinned, updatedAtMs, id }: Session): string {
  return Buffer.from([Number(archived), Number(pinned), updatedAtMs, id].join('.')).toString('base64url');
}

function decodeCursor(cursor: string): SessionPosition {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, archived, pinned, updatedAt, id] = /^([01])\.([01])\.(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  if (id === undefined) throw invalidCursor(cursor);
  return { archived: archived === '1', pinned: pinned === '1', updatedAtMs: Number(updatedAt), id: Number(id) };
}

/** A session that would expire again at once counts as used now; any other keeps its place in the list. Runs in a transaction. */
async function restoreDeleted(tx: Transaction, { key, config, nowMs }: { key: string; config: Config; nowMs: number }): Promise<Session> {
  if ((await findSession(tx, key)) !== undefined) throw sessionLives(key);
  const session = await findDeletedSession(tx, { key, afterMs: nowMs - SESSION_UNDO_MS });
  if (session === undefined) throw sessionNotFound(key);
  await restoreSession(tx, session.id);
  if (isExpired(session, config, nowMs)) await renewSession(tx, { id: session.id, nowMs });
  return getSession(tx, key);
}

/** Adds where the text of a search was found: in the newest message that has it, otherwise in the title. */
async function withMatches(
  tx: Transaction,
  { needle, page, listed }: { needle: string; page: readonly Session[]; listed: readonly ListedSession[] },
): Promise<ListedSession[]> {
  const messages = await findNewestMatches(tx, { needle, sessions: page });
  const found = new Map(messages.map((message) => [message.sessionId, message]));
  return listed.map((session, index) => {
    const { id: messageId = null, excerpt = session.title } = found.get(page[index]?.id ?? 0) ?? {};
    return { ...session, match: { ...snippetOf(excerpt, needle), messageId } };
  });
}

/** Returns one page of the list, and what the list shows of each session. */
async function readPage(
  { store, clock }: SessionServiceOptions,
  { search = '', limit = DEFAULT_LIMIT, cursor, deleted = false }: Omit<SessionListQuery, 'q'>,
): Promise<SessionPage> {
  const before = cursor === undefined ? undefined : decodeCursor(cursor);
  const filter = parseSessionQuery(search, clock.now());
  return store.read(async (tx) => {
    const found = await listSessions(tx, {
      ...filter,
      limit: limit + 1,
      ...(before === undefined ? {} : { before }),
      ...(deleted ? { deletedAfterMs: clock.now() - SESSION_UNDO_MS } : {}),
    });
    const { page, nextCursor } = pageOf(found, limit, encodeCursor);
    const listed = await readListedSessions(tx, page);
    const sessions = filter.text === undefined ? listed : await withMatches(tx, { needle: filter.text, page, listed });
    return { sessions, nextCursor };
  });
}

export interface NewSessionInput {
  /** Label of the source, the second part of the key. Default `webchat`. */
  readonly channel?: string;
  readonly chatId?: string;
  readonly agentId?: string;
}

/**
 * Creates a session, or returns the existing one of that chat. If no chat is named, an existing empty session created the same way
 * is returned.
 * @throws INVALID_REQUEST for an unknown or disabled agent, and for a label that cannot be in a key
 */
async function createSession(
  { store, clock, publish, config }: SessionServiceOptions,
  { channel = 'webchat', chatId, agentId }: NewSessionInput,
  caller: CallerKey | undefined,
): Promise<{ session: SessionDocument; created: boolean }> {
  const agent = findAgent(config(), agentId);
  const parts = sessionOf({ agentId: agent.id, channel, peerId: chatId ?? newId('chat') });
  const nowMs = clock.now();
  const use = keyUse('sessions', caller, [channel, chatId, agentId]);
  const { session, created, isRepeated } = await store.write(async (tx) => {
    const act = async (): Promise<string> => {
      const empty = chatId === undefined ? await findEmptySession(tx, parts) : undefined;
      const made = empty === undefined ? await ensureSession(tx, { ...parts, nowMs }) : { session: empty, created: false };
      return JSON.stringify({ key: made.session.key, created: made.created });
    };
    const done = await once(tx, { use, nowMs, act });
    const first = JSON.parse(done.result) as { key: string; created: boolean };
    return { ...done, created: first.created, session: await getSession(tx, first.key) };
  });
  if (isRepeated) caller?.onReplay?.();
  else if (created) publish({ type: 'session', session: session.key, change: 'created' });
  return { session: toSessionDocument(session), created };
}

/** Returns a session with its newest messages, oldest first. `limit` default 1000. @throws SESSION_NOT_FOUND */
async function readSession(
  { store }: SessionServiceOptions,
  key: string,
  { limit = MAX_MESSAGES_SHOWN }: { limit?: number },
): Promise<SessionTranscript> {
  return store.read(async (tx) => {
    const session = await getSession(tx, key);
    const [listed] = await readListedSessions(tx, [session]);
    const { usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 } } = listed ?? {};
    const newestFirst = limit === 0 ? [] : await readNewestMessages(tx, { sessionId: session.id, limit });
    const messages = await toMessageDocuments(tx, newestFirst.toReversed(), true);
    return { session: toSessionDocument(session), usage, messages: messages.map(({ seq: _seq, ...message }) => message) };
  });
}

export type SessionService = ReturnType<typeof createSessionService>;

export function createSessionService(options: SessionServiceOptions) {
  const { store, clock, publish, liveness } = options;

  return {
    ...createSummaryService(options),

    /** Returns the key of a session that a caller names by key, or by name among the default agent's program sessions. */
    keyOf: (name: string, account?: string): string =>
      (parseSessionKey(name) ?? namedSession(options.config().agents.default, name, account)).key,

    create: (input: NewSessionInput, caller?: CallerKey) => createSession(options, input, caller),

    /**
     * Returns a page of sessions: pinned ones first, then newest first.
     * @throws INVALID_REQUEST for an invalid cursor or filter
     */
    list: (input: Omit<SessionListQuery, 'q'>) => readPage(options, input),

    /** Returns how many sessions of each kind there are, and how long they are kept. */
    storage: (): Promise<SessionStorage> => readSessionStorage(store, options.config()),

    /** Returns tags that are in use, in alphabetical order; at most 500. */
    tags: (): Promise<string[]> => store.read((tx) => listTags(tx, MAX_TAGS_LISTED)),

    get: (key: string, query: { limit?: number } = {}) => readSession(options, key, query),

    /** Deletes a session for everyone, with the messages from the page that wait for their turn. @returns until when it can be restored @throws SESSION_NOT_FOUND */
    async delete(key: string): Promise<{ restorableUntil: string }> {
      const nowMs = clock.now();
      const existed = await store.write(async (tx) => {
        if (!liveness.isAlone()) await requestTurnStop(tx, { sessionKey: key, reason: 'deleted' });
        await withdrawChat(tx, { ...webchatLane(key), nowMs });
        return deleteSession(tx, { key, nowMs });
      });
      if (!existed) throw sessionNotFound(key);
      options.stopTurns(key);
      publish({ type: 'session', session: key, change: 'deleted' });
      return { restorableUntil: new Date(nowMs + SESSION_UNDO_MS).toISOString() };
    },

    /**
     * Restores the most recently deleted session with that key. @throws SESSION_NOT_FOUND; CONFLICT while a session with that key
     * exists
     */
    async restore(key: string): Promise<SessionDocument> {
      const session = await store.write((tx) => restoreDeleted(tx, { key, config: options.config(), nowMs: clock.now() }));
      publish({ type: 'session', session: key, change: 'created' });
      return toSessionDocument(session);
    },
  };
}
