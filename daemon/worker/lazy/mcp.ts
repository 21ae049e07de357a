/** Entry of the bundle that speaks the Model Context Protocol, loaded with the first request of `/mcp`. */
export { createMcpServer } from '../http/mcp/mcp-server.js';
