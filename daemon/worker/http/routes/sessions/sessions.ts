import { sessionSummariesResponse, summaryId } from '../../../../../shared/api/session-archive.js';
import {
  sessionChooseRequest,
  sessionChooseResponse,
  sessionCreateRequest,
  sessionCreateResponse,
  sessionDeleteResponse,
  sessionListQuery,
  sessionListResponse,
  sessionQuery,
  sessionResponse,
  sessionRestoreResponse,
  sessionStorageResponse,
  sessionTagsResponse,
} from '../../../../../shared/api/sessions.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { definedFields } from '../../../../../shared/fields.js';
import { callerKey, IDEMPOTENCY_HEADER } from '../../idempotency.js';
import { type Route, route } from '../../route.js';
import type { RouteDeps, Services } from '../../services.js';
import { OF_SESSION } from './of-session.js';

function listRoutes(sessions: Services['sessions']): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/sessions',
      scope: 'chat',
      summary: 'List or search sessions: pinned ones first, then newest first',
      answer: sessionListResponse,
      query: sessionListQuery,
      async handle(_ctx, { query: { q, search = q, ...query } }) {
        if (q !== undefined && search !== q) {
          throw new GatewayError('INVALID_REQUEST', { message: 'search and q are aliases; use only one of them' });
        }
        return { status: 'ok', ...(await sessions.list(definedFields({ ...query, search }))) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/session-storage',
      scope: 'chat',
      summary: 'Read the storage and retention of sessions by kind',
      answer: sessionStorageResponse,
      handle: async () => ({ status: 'ok', ...(await sessions.storage()) }),
    }),
    route({
      method: 'GET',
      path: '/api/session-tags',
      scope: 'chat',
      summary: 'List the tags of sessions',
      answer: sessionTagsResponse,
      handle: async () => ({ status: 'ok', tags: await sessions.tags() }),
    }),
  ];
}

function historyRoutes({ chat, sessions }: Services): Route[] {
  return [
    route({
      ...OF_SESSION,
      method: 'POST',
      path: '/api/sessions/:key/choose',
      summary: 'Choose a variant of a message; the conversation continues from it',
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
      body: sessionChooseRequest,
      answer: sessionChooseResponse,
      handle: async (_ctx, { params: { key }, body }) => ({
        status: 'ok',
        session: await chat.choose(sessions.keyOf(key), body.messageId),
      }),
    }),
    route({
      ...OF_SESSION,
      method: 'GET',
      path: '/api/sessions/:key/summaries',
      summary: "List the summaries of a session's older messages, newest first",
      answer: sessionSummariesResponse,
      handle: async (_ctx, { params }) => ({ status: 'ok', summaries: await sessions.summaries(sessions.keyOf(params.key)) }),
    }),
    route({
      ...OF_SESSION,
      method: 'DELETE',
      path: '/api/sessions/:key/summaries/:id',
      summary: 'Give the model the full history of a session instead of its summaries',
      errors: ['SESSION_NOT_FOUND', 'NOT_FOUND'],
      params: { ...OF_SESSION.params, id: summaryId },
      answer: sessionSummariesResponse,
      handle: async (_ctx, { params: { key, id } }) => ({ status: 'ok', summaries: await sessions.undoSummary(sessions.keyOf(key), id) }),
    }),
  ];
}

export function sessionRoutes({ services }: RouteDeps): Route[] {
  const { sessions } = services;
  return [
    route({
      method: 'POST',
      path: '/api/sessions',
      scope: 'chat',
      summary: 'Create a session, or return the existing one of that chat',
      headers: IDEMPOTENCY_HEADER,
      // For a repeated request whose session has been deleted in the meantime.
      errors: ['SESSION_NOT_FOUND'],
      answer: sessionCreateResponse,
      body: sessionCreateRequest,
      isBodyOptional: true,
      handle: async (ctx, { body: { channel = 'webchat', chat_id: chatId, agentId } }) => ({
        status: 'ok',
        ...(await sessions.create({ channel, ...definedFields({ chatId, agentId }) }, callerKey(ctx))),
      }),
    }),
    ...listRoutes(sessions),
    route({
      ...OF_SESSION,
      method: 'GET',
      path: '/api/sessions/:key',
      summary: 'Read a session with its messages',
      query: sessionQuery,
      answer: sessionResponse,
      handle: async (_ctx, { params, query }) => ({
        status: 'ok',
        ...(await sessions.get(sessions.keyOf(params.key), definedFields(query))),
      }),
    }),
    route({
      ...OF_SESSION,
      method: 'DELETE',
      path: '/api/sessions/:key',
      summary: 'Delete a session; it can be restored for seven days',
      answer: sessionDeleteResponse,
      handle: async (_ctx, { params: { key } }) => ({ status: 'ok', ...(await sessions.delete(sessions.keyOf(key))) }),
    }),
    route({
      ...OF_SESSION,
      method: 'POST',
      path: '/api/sessions/:key/restore',
      summary: 'Restore a session that was deleted in the last seven days',
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
      answer: sessionRestoreResponse,
      handle: async (_ctx, { params: { key } }) => ({ status: 'ok', session: await sessions.restore(sessions.keyOf(key)) }),
    }),
    ...historyRoutes(services),
  ];
}
