/** Sessions for people: made, listed, searched, read, deleted. */
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { readNewestMessages } from '../store/conversations/messages.js';
import {
  deleteSession,
  ensureSession,
  findDeletedSession,
  findEmptySession,
  findSession,
  restoreSession,
} from '../store/conversations/sessions.js';
import { listSessions, readDigests, type SessionPosition } from '../store/conversations/session-list.js';
import { listTags } from '../store/conversations/session-shelf.js';
import type { SessionRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import { findAgent } from '../config/agents.js';
import type { SessionListInput, SessionService } from '../contracts.js';
import { toListedSession, toMessageDocuments, toSessionDocument } from './documents.js';
import { keyUse, once } from './idempotency.js';
import { sessionOf } from './session-key.js';
import { readSessionStorage } from './session-retention.js';
import { parseSessionQuery } from './session-query.js';
import type { Transaction } from '../store/transaction.js';

export interface SessionServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly channels: ChannelRegistry;
  readonly databasePath: string;
  config(): Config;
  /** Ends what is being said in a session that is no more. */
  stopTurns(sessionKey: string): void;
}

/** So long a deleted session can be brought back; then it is gone for good. */
export const SESSION_UNDO_MS = 7 * 24 * 60 * 60 * 1_000;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_SEARCH_LENGTH = 200;
const MAX_TAGS_LISTED = 500;
/** The newest of a longer session; the model sees no more of it either. */
const MAX_MESSAGES_SHOWN = 1_000;

export function sessionNotFound(key: string): GatewayError {
  return new GatewayError('SESSION_NOT_FOUND', {
    message: `there is no session '${key}'`,
    details: { session: key },
    hint: 'GET /api/sessions lists them; a deleted one can be restored for seven days.',
  });
}

function sessionLives(key: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the session '${key}' is not deleted, or its chat has begun a new one`,
    details: { session: key },
    hint: 'Delete the present one first, if the deleted one is to take its place.',
  });
}

function encodeCursor(row: SessionRow): string {
  return Buffer.from([row.is_archived, row.is_pinned, row.updated_at, row.id].join('.')).toString('base64url');
}

function decodeCursor(cursor: string): SessionPosition {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, isArchived, isPinned, updatedAt, id] = /^([01])\.([01])\.(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  if (id === undefined) {
    throw new GatewayError('INVALID_REQUEST', {
      message: `cursor '${cursor.slice(0, 80)}' is none that this API gave`,
      hint: 'Take nextCursor of the page before.',
    });
  }
  return { isArchived: Number(isArchived), isPinned: Number(isPinned), updatedAt: Number(updatedAt), id: Number(id) };
}

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new GatewayError('INVALID_REQUEST', { message: `limit is ${limit}; it must be a whole number from 1 to ${MAX_LIMIT}` });
}

function checkSearch(search: string): string {
  if (search.length <= MAX_SEARCH_LENGTH) return search;
  throw new GatewayError('INVALID_REQUEST', {
    message: `search has ${search.length} characters; at most ${MAX_SEARCH_LENGTH} are looked for`,
  });
}

/** Runs in a write. */
async function bringBack(tx: Transaction, { key, nowMs }: { key: string; nowMs: number }): Promise<SessionRow> {
  if ((await findSession(tx, key)) !== undefined) throw sessionLives(key);
  const row = await findDeletedSession(tx, { key, afterMs: nowMs - SESSION_UNDO_MS });
  if (row === undefined) throw sessionNotFound(key);
  await restoreSession(tx, row.id);
  return row;
}

/** One page of the list, and what the list shows of each session. */
async function readPage(
  { store, clock }: SessionServiceOptions,
  { search = '', limit = DEFAULT_LIMIT, cursor, deleted = false }: SessionListInput,
): ReturnType<SessionService['list']> {
  const size = checkLimit(limit);
  const before = cursor === undefined ? undefined : decodeCursor(cursor);
  const filter = parseSessionQuery(checkSearch(search), clock.now());
  return store.read(async (tx) => {
    const rows = await listSessions(tx, {
      ...filter,
      // One more than asked for tells whether there is another page.
      limit: size + 1,
      ...(before === undefined ? {} : { before }),
      ...(deleted ? { deletedAfterMs: clock.now() - SESSION_UNDO_MS } : {}),
    });
    const page = rows.slice(0, size);
    const digests = await readDigests(
      tx,
      page.map(({ id }) => id),
    );
    const last = rows.length > size ? page.at(-1) : undefined;
    return {
      sessions: page.map((row) => toListedSession(row, digests.get(row.id))),
      nextCursor: last === undefined ? null : encodeCursor(last),
    };
  });
}

export function createSessionService(options: SessionServiceOptions): SessionService {
  const { store, clock, channels } = options;

  return {
    async create({ channel = 'webchat', chatId, agentId }, caller) {
      const agent = findAgent(options.config(), agentId);
      // Sessions of the API belong to no channel.
      if (channel !== 'api') channels.get(channel);
      const session = sessionOf({ agentId: agent.id, channel, peerId: chatId ?? newId('chat') });
      const nowMs = clock.now();
      const use = keyUse('sessions', caller, [channel, chatId, agentId]);
      const { row, created, isRepeated } = await store.write(async (tx) => {
        const act = async (): Promise<string> => {
          const empty = chatId === undefined ? await findEmptySession(tx, session) : undefined;
          const made = empty === undefined ? await ensureSession(tx, { ...session, nowMs }) : { row: empty, created: false };
          return JSON.stringify({ key: made.row.key, created: made.created });
        };
        const done = await once(tx, { use, nowMs, act });
        const first = JSON.parse(done.result) as { key: string; created: boolean };
        const found = await findSession(tx, first.key);
        if (found === undefined) throw sessionNotFound(first.key);
        return { ...done, ...first, row: found };
      });
      if (isRepeated) caller?.onReplay?.();
      return { session: toSessionDocument(row), created };
    },

    list: (input) => readPage(options, input),

    storage: () => readSessionStorage(store, options.databasePath, options.config()),

    tags: () => store.read((tx) => listTags(tx, MAX_TAGS_LISTED)),

    async get(key, { limit = MAX_MESSAGES_SHOWN } = {}) {
      return store.read(async (tx) => {
        const row = await findSession(tx, key);
        if (row === undefined) throw sessionNotFound(key);
        const { usage } = toListedSession(row, (await readDigests(tx, [row.id])).get(row.id));
        const newestFirst = limit === 0 ? [] : await readNewestMessages(tx, { sessionId: row.id, limit });
        const messages = await toMessageDocuments(tx, newestFirst.toReversed(), true);
        return { session: toSessionDocument(row), usage, messages: messages.map(({ seq: _seq, ...message }) => message) };
      });
    },

    async delete(key) {
      const nowMs = clock.now();
      const existed = await store.write((tx) => deleteSession(tx, { key, nowMs }));
      if (!existed) throw sessionNotFound(key);
      options.stopTurns(key);
      return { restorableUntil: new Date(nowMs + SESSION_UNDO_MS).toISOString() };
    },

    restore: (key) => store.write(async (tx) => toSessionDocument(await bringBack(tx, { key, nowMs: clock.now() }))),
  };
}
