/** The parts of the Agent Client Protocol that `xopc acp` needs, in the bundle `mcp`. */
export { agent, ndJsonStream, RequestError } from '@agentclientprotocol/sdk';
