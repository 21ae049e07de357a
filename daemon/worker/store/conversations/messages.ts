/** What was said in sessions, in the order in which it was committed. What is read is the path that was chosen (branches.ts). */
import { prepare } from '../prepare.js';
import type { MessageRole, MessageRow, MessageStatus } from '../schema.js';
import { touchSession } from './sessions.js';
import type { Transaction } from '../transaction.js';

export interface NewMessage {
  readonly id: string;
  readonly sessionId: number;
  readonly turnId: string | null;
  readonly role: MessageRole;
  readonly content: string;
  readonly model: string | null;
  readonly status: MessageStatus;
  readonly nowMs: number;
}

const insert = prepare<NewMessage>()((db, p) =>
  db.insertInto('messages').values({
    id: p.id,
    session_id: p.sessionId,
    turn_id: p.turnId,
    role: p.role,
    content: p.content,
    model: p.model,
    status: p.status,
    created_at: p.nowMs,
  }),
);

const selectNewest = prepare<{ sessionId: number; afterSeq: number; beforeSeq: number; limit: number }>()((db, p) =>
  db
    .selectFrom('messages')
    .selectAll()
    .where('session_id', '=', p.sessionId)
    .where('seq', '>', p.afterSeq)
    .where('seq', '<', p.beforeSeq)
    .where('parent_seq', 'is', null)
    .orderBy('seq', 'desc')
    .limit(p.limit),
);

const selectAfter = prepare<{ sessionId: number; afterSeq: number; limit: number }>()((db, p) =>
  db
    .selectFrom('messages')
    .selectAll()
    .where('session_id', '=', p.sessionId)
    .where('seq', '>', p.afterSeq)
    .where('parent_seq', 'is', null)
    .orderBy('seq')
    .limit(p.limit),
);

const selectById = prepare<{ id: string }>()((db, p) => db.selectFrom('messages').selectAll().where('id', '=', p.id));

const MAX_TITLE_LENGTH = 80;

/** Anything but single spaces between words. */
const UNEVEN = /[^\S ]|\p{Cc}| {2}/u;

/** A session's title from the first thing said in it: one line, cut at a word where there is one. A command names nothing. */
export function titleFrom(text: string): string | null {
  // Of a link to a file, its words.
  const words = text.slice(0, 1_000).replace(/\]\(\/api\/files\/[\w./-]+\)/g, ']');
  const line = (UNEVEN.test(words) ? words.replace(/[\s\p{Cc}]+/gu, ' ') : words).trim();
  if (line === '' || /^\/[a-z]/i.test(line)) return null;
  if (line.length <= MAX_TITLE_LENGTH) return line;
  // A pair of surrogates that the cut divided is dropped.
  const cut = line.slice(0, MAX_TITLE_LENGTH - 1).replace(/\p{Surrogate}$/u, '');
  const lastSpace = cut.lastIndexOf(' ');
  return `${(lastSpace > MAX_TITLE_LENGTH / 2 ? cut.slice(0, lastSpace) : cut).trimEnd()}…`;
}

/** Adds a message to its session. Runs in a write. @returns its `seq` */
export async function appendMessage(tx: Transaction, message: NewMessage): Promise<number> {
  const seq = await insert.insert(tx, message);
  // What opened the conversation: a person's text, or one that the gateway sent of its own accord.
  const isOpening = message.role === 'user' || (message.role === 'assistant' && message.turnId === null);
  const title = isOpening ? titleFrom(message.content) : null;
  const isNews = Number(message.role === 'assistant' || message.role === 'system');
  await touchSession(tx, { id: message.sessionId, title, nowMs: message.nowMs, isNews, staysArchived: Number(message.role !== 'user') });
  return seq;
}

export async function findMessage(tx: Transaction, id: string): Promise<MessageRow | undefined> {
  return selectById.first(tx, { id });
}

/** @returns up to `limit` messages with `afterSeq < seq < beforeSeq`, the newest ones, newest first */
export async function readNewestMessages(
  tx: Transaction,
  range: { sessionId: number; limit: number; afterSeq?: number; beforeSeq?: number },
): Promise<MessageRow[]> {
  const { sessionId, limit, afterSeq = 0, beforeSeq = Number.MAX_SAFE_INTEGER } = range;
  return selectNewest.all(tx, { sessionId, afterSeq, beforeSeq, limit });
}

/** @returns up to `limit` messages with `seq > afterSeq`, in order */
export async function readMessagesAfter(
  tx: Transaction,
  range: { sessionId: number; afterSeq: number; limit: number },
): Promise<MessageRow[]> {
  return selectAfter.all(tx, range);
}
