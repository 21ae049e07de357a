/**
 * Entry of the bundle that speaks the Model Context Protocol, loaded with the first request of `/mcp`; and the Agent Client Protocol, for `xopc acp`.
 */
export { agent, ndJsonStream, RequestError } from '@agentclientprotocol/sdk';
export { createMcpServer } from '../http/mcp/mcp-server.js';
