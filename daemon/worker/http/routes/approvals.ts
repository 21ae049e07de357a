import {
  approvalListQuery,
  approvalListResponse,
  approvalNumber,
  approvalResponse,
  decisionRequest,
  grantListResponse,
  grantRemoved,
} from '../../../../shared/api/tools/approvals.js';
import type { Decider } from '../../approvals/approvals.js';
import type { HttpContext } from '../context.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

const COMMON = { scope: 'chat', agentOf: 'filtered' } as const;
const ONE = { ...COMMON, params: { id: approvalNumber }, errors: ['NOT_FOUND'] } as const;

/** The command line has a `User-Agent` of its own; the page sends `Sec-Fetch-Site`, or the cookie of its session. */
export function deciderOf({ state: { access, caller }, req: { headers } }: HttpContext): Decider {
  const isPage = headers['sec-fetch-site'] !== undefined || (caller.token === 'none' && caller.cookies !== undefined);
  const isCommand = headers['user-agent'] === 'xopc';
  return { via: isPage ? 'page' : isCommand ? 'command' : 'api', name: access?.name ?? null };
}

export function approvalRoutes({ services: { approvals } }: RouteDeps): Route[] {
  return [
    route({
      ...COMMON,
      method: 'GET',
      path: '/api/approvals',
      summary: 'List tool calls that wait for a decision, or had to, newest first',
      query: approvalListQuery,
      answer: approvalListResponse,
      handle: async (ctx, { query }) => ({ status: 'ok', ...(await approvals.list(query, ctx.state.access)) }),
    }),
    route({
      ...COMMON,
      method: 'GET',
      path: '/api/approvals/grants',
      summary: 'List the tools that agents may use without asking, because someone approved that',
      answer: grantListResponse,
      handle: async (ctx) => ({ status: 'ok', grants: await approvals.grants(ctx.state.access) }),
    }),
    route({
      ...ONE,
      method: 'DELETE',
      path: '/api/approvals/grants/:id',
      summary: 'Let an agent ask again before it uses a tool',
      answer: grantRemoved,
      handle: async (ctx, { params }) => ({ status: 'ok', grant: await approvals.removeGrant(params.id, ctx.state.access) }),
    }),
    route({
      ...ONE,
      method: 'GET',
      path: '/api/approvals/:id',
      summary: 'Read a tool call that waits for a decision, or had to',
      answer: approvalResponse,
      handle: async (ctx, { params }) => ({ status: 'ok', approval: await approvals.get(params.id, ctx.state.access) }),
    }),
    route({
      ...ONE,
      method: 'POST',
      path: '/api/approvals/:id/decide',
      summary: 'Approve or deny a tool call; its turn continues',
      errors: ['NOT_FOUND', 'CONFLICT'],
      body: decisionRequest,
      answer: approvalResponse,
      async handle(ctx, { params, body }) {
        const decision = { ...body, id: params.id, by: deciderOf(ctx) };
        return { status: 'ok', approval: await approvals.decide(decision, ctx.state.access) };
      },
    }),
  ];
}
