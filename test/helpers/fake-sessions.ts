/** The service for sessions, in memory. Every call is written down. */
import type { Services } from '../../daemon/worker/http/services.js';
import type { MessageDocument, SessionDocument } from '../../shared/api/sessions.js';
import { GatewayError } from '../../shared/errors.js';

const NOW = '2026-02-03T04:05:06.000Z';

function session(key: string, channel: string): SessionDocument {
  const shelf = { pinned: false, archived: false, unread: false, tags: [] };
  return {
    key,
    agentId: key.split(':')[0] ?? 'main',
    channel,
    title: '',
    createdAt: NOW,
    updatedAt: NOW,
    messageCount: 0,
    model: null,
    ...shelf,
  };
}

const digest = { lastMessage: null, lastModel: null, answering: false, usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 } };

function notFound(key: string): GatewayError {
  return new GatewayError('SESSION_NOT_FOUND', { message: `no session '${key}'` });
}

export function fakeSessionService(calls: { name: string; input: unknown }[]): Services['sessions'] {
  const sessions = new Map<string, SessionDocument>();
  const messages: MessageDocument[] = [];
  return {
    keyOf: (name) => (name.split(':').length < 5 ? `main:api:default:direct:${name}` : name),
    create(input) {
      calls.push({ name: 'sessions.create', input });
      if (input.agentId === 'ghost') throw new GatewayError('INVALID_REQUEST', { message: "no agent 'ghost'" });
      const key = `${input.agentId ?? 'main'}:${input.channel ?? ''}:default:direct:${input.chatId ?? 'a/b c'}`;
      const existing = sessions.get(key);
      const made = existing ?? session(key, input.channel ?? '');
      sessions.set(key, made);
      return Promise.resolve({ session: made, created: existing === undefined });
    },
    list(input) {
      calls.push({ name: 'sessions.list', input });
      return Promise.resolve({ sessions: [...sessions.values()].map((one) => ({ ...one, ...digest })), nextCursor: null });
    },
    tags: () => Promise.resolve(['work']),
    storage: () => Promise.resolve({ databaseBytes: 4_096, kinds: [] }),
    get(key) {
      calls.push({ name: 'sessions.get', input: key });
      const found = sessions.get(key);
      return found === undefined
        ? Promise.reject(notFound(key))
        : Promise.resolve({ session: found, usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 }, messages });
    },
    delete(key) {
      calls.push({ name: 'sessions.delete', input: key });
      return sessions.delete(key) ? Promise.resolve({ restorableUntil: '2026-01-08T00:00:00.000Z' }) : Promise.reject(notFound(key));
    },
    summaries: () => Promise.resolve([]),
    undoSummary: (_key, id) => Promise.reject(new GatewayError('NOT_FOUND', { message: `no summary '${id}'` })),
    restore(key) {
      calls.push({ name: 'sessions.restore', input: key });
      const found = sessions.get(key);
      return found === undefined ? Promise.reject(notFound(key)) : Promise.resolve(found);
    },
  };
}
