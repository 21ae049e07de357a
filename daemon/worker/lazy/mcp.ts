/**
 * Entry of the bundle that speaks the Model Context Protocol, loaded with the first request of `/mcp`, or when an MCP server is first used; and the
 * Agent Client Protocol, for `xopc acp`.
 */
import type { ToolServerModule } from '../tools/mcp/mcp-servers.js';
import { McpServer } from '../tools/mcp/server.js';

export { agent, ndJsonStream, RequestError } from '@agentclientprotocol/sdk';
export { createMcpServer } from '../http/mcp/mcp-server.js';

export const createToolServer: ToolServerModule['createToolServer'] = (options) => new McpServer(options);
