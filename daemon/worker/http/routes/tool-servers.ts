/** The MCP servers of the configuration, and their tools without an agent. */
import {
  mcpCallRequest,
  mcpCallResponse,
  mcpServerParameter,
  mcpServersResponse,
  mcpTestResponse,
  mcpToolParameter,
  mcpToolsResponse,
} from '../../../../shared/api/tools/mcp.js';
import { validate } from '../../../../shared/api/validate.js';
import { GatewayError } from '../../../../shared/errors.js';
import { inexactNumber } from '../../../../shared/node/exact-json.js';
import type { HttpContext } from '../context.js';
import { type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

const serverOf = (ctx: HttpContext): string => validate(mcpServerParameter(), ctx.params['server'], 'server');

export function toolServerRoutes({ services: { mcp }, connections }: RouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/mcp',
      scope: 'read',
      summary: 'List the MCP servers of the configuration and their states; starts none',
      answer: mcpServersResponse,
      handle: () => ({ status: 'ok', servers: mcp.list() }),
    }),
    route({
      method: 'GET',
      path: '/api/mcp/:server/tools',
      scope: 'admin',
      access: 'token',
      summary: 'List the tools of an MCP server; starts it',
      errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
      params: { server: mcpServerParameter },
      answer: mcpToolsResponse,
      handle: async (ctx) => ({ status: 'ok', tools: await mcp.tools(serverOf(ctx)) }),
    }),
    route({
      method: 'POST',
      path: '/api/mcp/:server/test',
      scope: 'admin',
      access: 'token',
      summary: 'Test whether an MCP server answers; starts it, even during the pause after a failure',
      errors: ['NOT_FOUND', 'CONFLICT'],
      params: { server: mcpServerParameter },
      answer: mcpTestResponse,
      handle: async (ctx) => ({ status: 'ok', ...(await mcp.probe(serverOf(ctx))) }),
    }),
    route({
      method: 'POST',
      path: '/api/mcp/:server/tools/:tool/call',
      scope: 'admin',
      access: 'token',
      summary: 'Call a tool of an MCP server without an agent',
      errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
      params: { server: mcpServerParameter, tool: mcpToolParameter },
      body: mcpCallRequest,
      isBodyOptional: true,
      needsSource: true,
      answer: mcpCallResponse,
      async handle(ctx, { body, source }) {
        const problem = inexactNumber(source?.toString() ?? '');
        if (problem !== undefined) throw new GatewayError('INVALID_REQUEST', { message: `arguments cannot be read: ${problem}` });
        const tool = validate(mcpToolParameter(), ctx.params['tool'], 'tool');
        const signal = connections.abortable(ctx.res, 'request');
        const result = await mcp.call(serverOf(ctx), { tool, input: body.arguments, signal });
        return { status: 'ok', result };
      },
    }),
  ];
}
