/** Rows of the store as the documents of the API. */
import type { MessageRow, SessionRow } from '../store/schema.js';
import type { SessionDigest } from '../store/session-list.js';
import type { ListedSession, MessageDocument, SessionDocument } from './contracts.js';

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
