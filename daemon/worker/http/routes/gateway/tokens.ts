import { tokenCreated, tokenListResponse, tokenReference, tokenRequest, tokenRevoked } from '../../../../../shared/api/gateway/tokens.js';
import type { RouteDeps } from '../../services.js';
import { OWNER_ONLY, type Route, route } from '../../route.js';

export function tokenRoutes({ services: { accessTokens: tokens }, connections }: RouteDeps): Route[] {
  return [
    route({
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/tokens',
      summary: 'List the access tokens, without their secrets',
      answer: tokenListResponse,
      handle: async () => ({ status: 'ok', tokens: await tokens.list() }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/tokens',
      summary: 'Create an access token; its secret is in this answer only',
      errors: ['CONFLICT'],
      body: tokenRequest,
      answer: tokenCreated,
      handle: async (_ctx, { body }) => ({ status: 'ok', ...(await tokens.add(body)) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'DELETE',
      path: '/api/tokens/:id',
      summary: 'Revoke an access token by its id or name; its streams and sockets end at once',
      errors: ['NOT_FOUND'],
      params: { id: tokenReference },
      answer: tokenRevoked,
      async handle(ctx, { params }) {
        // A token that revokes itself still gets the answer.
        connections.noteToken(ctx.res, undefined);
        return { status: 'ok', token: await tokens.revoke(params.id) };
      },
    }),
  ];
}
