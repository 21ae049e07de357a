/** Rows of the store as the documents of the API. */
import type { MessageRow, SessionRow } from '../store/schema.js';
import type { MessageDocument, SessionDocument } from './contracts.js';

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
  };
}

export function toMessageDocument(row: MessageRow): MessageDocument {
  return { id: row.id, role: row.role, content: row.content, createdAt: isoTime(row.created_at), model: row.model, status: row.status };
}
