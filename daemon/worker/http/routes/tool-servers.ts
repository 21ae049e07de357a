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
import { GatewayError } from '../../../../shared/errors.js';
import { inexactNumber } from '../../../../shared/node/exact-json.js';
import { OWNER_ONLY, type Route, route } from '../route.js';
import type { RouteDeps } from '../services.js';

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
      ...OWNER_ONLY,
      method: 'GET',
      path: '/api/mcp/:server/tools',
      summary: 'List the tools of an MCP server; starts it',
      errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
      params: { server: mcpServerParameter },
      answer: mcpToolsResponse,
      handle: async (_ctx, { params: { server } }) => ({ status: 'ok', tools: await mcp.tools(server) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/mcp/:server/test',
      isChange: false,
      summary: 'Test whether an MCP server answers; starts it, even during the pause after a failure',
      errors: ['NOT_FOUND', 'CONFLICT'],
      params: { server: mcpServerParameter },
      answer: mcpTestResponse,
      handle: async (_ctx, { params: { server } }) => ({ status: 'ok', ...(await mcp.probe(server)) }),
    }),
    route({
      ...OWNER_ONLY,
      method: 'POST',
      path: '/api/mcp/:server/tools/:tool/call',
      isChange: false,
      summary: 'Call a tool of an MCP server without an agent',
      errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
      params: { server: mcpServerParameter, tool: mcpToolParameter },
      body: mcpCallRequest,
      isBodyOptional: true,
      needsSource: true,
      answer: mcpCallResponse,
      async handle(ctx, { params: { server, tool }, body, source }) {
        const problem = inexactNumber(source?.toString() ?? '');
        if (problem !== undefined) throw new GatewayError('INVALID_REQUEST', { message: `arguments cannot be read: ${problem}` });
        const signal = connections.abortable(ctx.res, 'request');
        const result = await mcp.call(server, { tool, input: body.arguments, signal });
        return { status: 'ok', result };
      },
    }),
  ];
}
