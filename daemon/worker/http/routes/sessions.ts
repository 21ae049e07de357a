import { sessionCreateRequest, sessionKey, sessionListQuery } from '../../../../shared/api/sessions.js';
import { validate } from '../../../../shared/api/validate.js';
import type { SessionService } from '../../services/contracts.js';
import type { HttpContext } from '../context.js';
import { given } from '../given.js';
import { type Route, route } from '../route.js';

function keyOf(ctx: HttpContext): string {
  return validate(sessionKey(), ctx.params['key'], 'session key');
}

export function sessionRoutes(sessions: SessionService): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/sessions',
      body: sessionCreateRequest,
      isBodyOptional: true,
      async handle(ctx, { body: { channel = 'webchat', chat_id: chatId, agentId } }) {
        ctx.body = { status: 'ok', ...(await sessions.create({ channel, ...given({ chatId, agentId }) })) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/sessions',
      query: sessionListQuery,
      async handle(ctx, { query }) {
        ctx.body = { status: 'ok', ...(await sessions.list(given(query))) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/sessions/:key',
      async handle(ctx) {
        ctx.body = { status: 'ok', ...(await sessions.get(keyOf(ctx))) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/sessions/:key',
      async handle(ctx) {
        await sessions.delete(keyOf(ctx));
        ctx.body = { status: 'ok' };
      },
    }),
  ];
}
