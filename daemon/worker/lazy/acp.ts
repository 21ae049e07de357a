/** What `xopc acp` needs of the Agent Client Protocol: a part of the bundle `mcp`. */
export { agent, ndJsonStream, RequestError } from '@agentclientprotocol/sdk';
