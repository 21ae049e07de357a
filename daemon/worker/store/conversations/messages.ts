/** Messages of sessions, in the order in which they were committed. Reads follow the chosen branch (branches.ts). */
import type { MessageDocument } from '../../../../shared/api/sessions.js';
import { cutText } from '../../../../shared/text/one-line.js';
import { plainLine } from '../../../../shared/text/plain-line.js';
import { prepare, prepareRows, runAll } from '../prepare.js';
import { tellOthers, type Transaction } from '../transaction.js';
import { countMessages, touchSession } from './sessions.js';

interface MessageContent extends Pick<MessageDocument, 'id' | 'role' | 'content' | 'model' | 'status'> {
  readonly sessionId: number;
  readonly turnId: string | null;
}

export interface NewMessage extends MessageContent {
  readonly nowMs: number;
  /** Of the tool call. */
  readonly durationMs?: number | null;
}

/** A stored message. */
export interface Message extends MessageContent {
  /** The order in which messages were committed, over all sessions. */
  readonly seq: number;
  readonly createdAtMs: number;
  /**
   * Null: on the chosen branch, after the previous message. Otherwise the `seq` of its predecessor outside of the branch; 0:
   * none.
   */
  readonly parentSeq: number | null;
  /** How long the tool call ran; null if unknown. */
  readonly durationMs: number | null;
}

/** The columns of a {@link Message}. */
export const MESSAGE_COLUMNS = [
  'seq',
  'id',
  'session_id as sessionId',
  'turn_id as turnId',
  'role',
  'content',
  'model',
  'status',
  'created_at as createdAtMs',
  'parent_seq as parentSeq',
  'duration_ms as durationMs',
] as const;

type InsertedMessage = NewMessage & { readonly parentSeq: number | null; readonly durationMs: number | null };

const rowOf = (p: InsertedMessage) => ({
  id: p.id,
  session_id: p.sessionId,
  turn_id: p.turnId,
  role: p.role,
  content: p.content,
  model: p.model,
  status: p.status,
  created_at: p.nowMs,
  parent_seq: p.parentSeq,
  duration_ms: p.durationMs,
});

const insert = prepare<InsertedMessage>()((db, p) => db.insertInto('messages').values(rowOf(p)).returning('seq'));

const insertAll = prepareRows<InsertedMessage>({
  id: 'text',
  sessionId: 'bigint',
  turnId: 'text',
  role: 'text',
  content: 'text',
  model: 'text',
  status: 'text',
  nowMs: 'bigint',
  parentSeq: 'bigint',
  durationMs: 'bigint',
})('messages', rowOf);

async function insertMessage(tx: Transaction, message: NewMessage & { parentSeq: number | null }): Promise<number> {
  const row = await insert.first(tx, { ...message, durationMs: message.durationMs ?? null });
  if (row === undefined) throw new Error(`message ${message.id} was not stored`);
  return row.seq;
}

/** Adds a message that is not on the chosen branch. Runs in a transaction. */
export async function appendAside(tx: Transaction, message: NewMessage & { parentSeq: number }): Promise<void> {
  await insertMessage(tx, message);
}

/** Runs in a transaction. */
export const { run: setMessageTurn } = prepare<{ seq: number; turnId: string }>()((db, p) =>
  db.updateTable('messages').set({ turn_id: p.turnId }).where('seq', '=', p.seq),
);

const selectNewest = prepare<{ sessionId: number; afterSeq: number; beforeSeq: number; limit: number }>()((db, p) =>
  db
    .selectFrom('messages')
    .select(MESSAGE_COLUMNS)
    .where('session_id', '=', p.sessionId)
    .where('seq', '>', p.afterSeq)
    .where('seq', '<', p.beforeSeq)
    .where('parent_seq', 'is', null)
    .orderBy('seq', 'desc')
    .limit(p.limit),
);

/** Returns up to `limit` messages with `seq > afterSeq`, in order. */
export const { all: readMessagesAfter } = prepare<{ sessionId: number; afterSeq: number; limit: number }>()((db, p) =>
  db
    .selectFrom('messages')
    .select(MESSAGE_COLUMNS)
    .where('session_id', '=', p.sessionId)
    .where('seq', '>', p.afterSeq)
    .where('parent_seq', 'is', null)
    .orderBy('seq')
    .limit(p.limit),
);

const selectById = prepare<{ id: string }>()((db, p) => db.selectFrom('messages').select(MESSAGE_COLUMNS).where('id', '=', p.id));

const MAX_TITLE_LENGTH = 60;

/** The line of a recording in front of its transcript: the words name the conversation. */
const HEARD = /^(?:\[[^\]\n]{1,100}\] )?\[[^\]\n]{1,300}\](?:\([^)\n]{1,600}\))?\n\[transcript\] /;

/** Returns a title for a session from its first message: one line without Markdown, shortened at a word. Null for a command or an empty text. */
export function titleFrom(text: string): string | null {
  // For a link to a file, the text is kept in its brackets.
  const line = plainLine(
    text
      .slice(0, 1_000)
      .replace(HEARD, '')
      .replace(/\]\(\/api\/files\/[\w./-]+\)/g, ']'),
  );
  if (line === '' || /^\/[a-z]/i.test(line)) return null;
  if (line.length <= MAX_TITLE_LENGTH) return line;
  const cut = cutText(line, MAX_TITLE_LENGTH - 1, '');
  const lastSpace = cut.lastIndexOf(' ');
  return `${(lastSpace > MAX_TITLE_LENGTH / 2 ? cut.slice(0, lastSpace) : cut).trimEnd()}…`;
}

/** Adds a message to its session and returns its `seq`. Runs in a transaction. */
export async function appendMessage(tx: Transaction, message: NewMessage): Promise<number> {
  // A conversation is named by a person's text, or by a message that the gateway sent outside of a turn.
  const isOpening = message.role === 'user' || (message.role === 'assistant' && message.turnId === null);
  const title = isOpening ? titleFrom(message.content) : null;
  const isNews = Number(message.role === 'assistant' || message.role === 'system');
  // Lock the session first: only the holder of its row adds to it, so `seq` is the order of the commits.
  tellOthers(tx, `session:${message.sessionId}`);
  await touchSession(tx, { id: message.sessionId, title, nowMs: message.nowMs, isNews, staysArchived: Number(message.role !== 'user') });
  return insertMessage(tx, { ...message, parentSeq: null });
}

/** Adds messages to a session that is not visible yet; they affect neither its title nor its date. Runs in a transaction. */
export async function insertMessages(
  tx: Transaction,
  sessionId: number,
  messages: readonly Omit<NewMessage, 'sessionId'>[],
): Promise<void> {
  const rows = messages.map((message) => ({ durationMs: null, ...message, sessionId, parentSeq: null }));
  await runAll(tx, insertAll.of(tx, rows));
  await countMessages(tx, { id: sessionId, count: rows.length });
}

export async function findMessage(tx: Transaction, id: string): Promise<Message | undefined> {
  return selectById.first(tx, { id });
}

/** Returns the newest `limit` messages with `afterSeq < seq < beforeSeq`, newest first. */
export async function readNewestMessages(
  tx: Transaction,
  range: { sessionId: number; limit: number; afterSeq?: number; beforeSeq?: number },
): Promise<Message[]> {
  const { sessionId, limit, afterSeq = 0, beforeSeq = Number.MAX_SAFE_INTEGER } = range;
  return selectNewest.all(tx, { sessionId, afterSeq, beforeSeq, limit });
}
