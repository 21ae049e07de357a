/** Rows of the store as the documents of the API. */
import type { SessionDigest } from '../store/conversations/session-list.js';
import type { ListedSession, MessageDocument, SessionDocument } from '../contracts.js';
import { hasAttachments, listAttachments } from '../store/conversations/attachments.js';
import { hasAside, readAside, seqBefore } from '../store/conversations/branches.js';
import type { MessageRow, SessionRow } from '../store/schema.js';
import { readEndedTurns } from '../store/conversations/turns.js';
import type { Transaction } from '../store/transaction.js';

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** What a session is called before anybody said anything in it. */
function nameOf(row: SessionRow): string {
  return row.channel === 'webchat' ? 'New chat' : row.peer_id;
}

export function toSessionDocument(row: SessionRow): SessionDocument {
  return {
    key: row.key,
    agentId: row.agent_id,
    channel: row.channel,
    title: row.title ?? nameOf(row),
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
    messageCount: row.message_count,
    model: row.model,
    pinned: row.is_pinned === 1,
    archived: row.is_archived === 1,
    unread: row.is_unread === 1,
    tags: JSON.parse(row.tags) as string[],
  };
}

/** Of a text that may be long and in Markdown, one line of words. */
function firstWords(text: string): string {
  const line = text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/(^|\s)(?:#{1,6}|[-*>]|\d+\.|```\w*)(?=\s)/g, '$1')
    .replace(/\*\*|__|`/g, '')
    .trim();
  return Array.from(line).slice(0, 160).join('');
}

/** @param digest  undefined: it has just been removed */
export function toListedSession(row: SessionRow, digest: SessionDigest | undefined): ListedSession {
  const { last_text: text = null, last_role: role = null } = digest ?? {};
  return {
    ...toSessionDocument(row),
    lastMessage: text === null || role === null ? null : { role, text: firstWords(text) },
    lastModel: row.last_model,
    answering: digest?.is_answering === 1,
    usage: {
      inputTokens: digest?.input_tokens ?? 0,
      outputTokens: digest?.output_tokens ?? 0,
      costUsd: digest?.cost_usd ?? 0,
    },
  };
}

export function toMessageDocument(row: MessageRow): MessageDocument {
  return { id: row.id, role: row.role, content: row.content, createdAt: isoTime(row.created_at), model: row.model, status: row.status };
}

type PlacedDocument = MessageDocument & { seq: number };

/** What each answer took. */
async function withTurns(tx: Transaction, rows: readonly MessageRow[], documents: PlacedDocument[]): Promise<PlacedDocument[]> {
  const ids = rows.flatMap(({ role, turn_id: id }) => (id === null || (role !== 'assistant' && role !== 'system') ? [] : [id]));
  const turns = new Map((await readEndedTurns(tx, [...new Set(ids)])).map((turn) => [turn.id, turn]));
  return documents.map((document, index) => {
    const { turn_id: id, role } = rows[index] ?? {};
    const turn = role === 'user' || role === 'tool' ? undefined : turns.get(id ?? '');
    if (turn === undefined) return document;
    const { input_tokens: inputTokens, output_tokens: outputTokens, cost_usd: costUsd, created_at: begunAt, finished_at: endedAt } = turn;
    return {
      ...document,
      turn: { id: turn.id, inputTokens, outputTokens, costUsd, durationMs: Math.max(0, (endedAt ?? begunAt) - begunAt) },
    };
  });
}

async function withFiles(tx: Transaction, rows: readonly MessageRow[]): Promise<PlacedDocument[]> {
  const documents = rows.map((row) => ({ ...toMessageDocument(row), seq: row.seq }));
  const sessionId = rows[0]?.session_id ?? 0;
  const asked = rows.filter(({ role }) => role === 'user').map(({ id }) => id);
  if (asked.length === 0 || !(await hasAttachments(tx, sessionId))) return documents;
  const notes = await listAttachments(tx, sessionId, asked);
  return documents.map((document) => {
    const own = notes.filter(({ messageId }) => messageId === document.id).map(({ messageId: _id, ...note }) => note);
    return own.length === 0 ? document : { ...document, attachments: own };
  });
}

/**
 * Messages that follow each other, with what can be chosen in their place.
 * @param isEnd  nothing follows the last of them
 */
export async function toMessageDocuments(tx: Transaction, rows: readonly MessageRow[], isEnd: boolean): Promise<PlacedDocument[]> {
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return [];
  const documents = await withTurns(tx, rows, await withFiles(tx, rows));
  if (!(await hasAside(tx, first.session_id))) return documents;
  const sessionId = first.session_id;
  const fromSeq = await seqBefore(tx, { sessionId, seq: first.seq });
  const aside = await readAside(tx, { sessionId, fromSeq, toSeq: last.seq });
  return documents.map((document, index) => {
    const others = aside.get(index === 0 ? fromSeq : (rows[index - 1]?.seq ?? 0)) ?? [];
    const variants = [...others, document].toSorted((a, b) => a.seq - b.seq).map(({ id }) => id);
    const replies = isEnd && document.seq === last.seq ? (aside.get(last.seq) ?? []).map(({ id }) => id) : [];
    return { ...document, ...(variants.length > 1 ? { variants } : {}), ...(replies.length > 0 ? { replies } : {}) };
  });
}
