/**
 * Entry of the Model Context Protocol bundle, loaded with the first request of `/mcp`, or when an MCP server is first used; and the
 * Agent Client Protocol, for `xopc acp`. Each of the three has an SDK, which is initialized only when needed.
 */
import type { McpModule } from '../http/mcp/mcp-routes.js';
import type { ToolServerModule } from '../tools/mcp/mcp-servers.js';
import { McpServer } from '../tools/mcp/server.js';

const loadMcpServer = () => import('../http/mcp/mcp-server.js');
export const loadAcp = () => import('./acp.js');

export const createMcpServer: McpModule['createMcpServer'] = async (deps) => (await loadMcpServer()).createMcpServer(deps);
export const createToolServer: ToolServerModule['createToolServer'] = (options) => new McpServer(options);

/** Makes the cached data include everything compiled. */
export const warmUp = async (): Promise<void> =>
  void (await Promise.all([loadMcpServer(), loadAcp(), import('../tools/mcp/connection.js')]));
