/**
 * Implements the protocol with its SDK, with one server per request, so that clients do not notice a restart of the gateway.
 * Supports the 2026 revision, which has no sessions, and those of 2024 and 2025 without their optional sessions.
 */
import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server, type ServerContext } from '@modelcontextprotocol/server';
import { errorBody, toGatewayError } from '../../../../shared/error-document.js';
import type { HttpLogger } from '../context.js';
import type { McpServer, McpServerDeps } from './mcp-routes.js';
import type { Tool, ToolCall, ToolCaller } from './tool.js';
import { mcpTools } from './tools.js';

const INSTRUCTIONS =
  'A gateway between people, chat channels, schedules and agents. ask_agent talks to one of its agents; the other tools send messages, read conversations and schedule jobs.';

/** The SDK requires a validator for answers to questions that this server never asks. */
const NO_VALIDATOR = {
  getValidator(): never {
    throw new Error('this server validates nothing with it');
  },
};

function isAllowed(tool: Tool, { access }: ToolCaller): boolean {
  try {
    tool.checkAccess(access);
    return true;
  } catch {
    return false;
  }
}

/** Sends progress notifications for a request that has a progress token. */
function progressOf({ mcpReq }: ServerContext): ((words?: string) => void) | undefined {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let progress = 0;
  return (words) => {
    progress += 1;
    const params = { progressToken, progress, ...(words === undefined ? {} : { message: words }) };
    // The client has disconnected.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}

async function callTool(tool: Tool, input: unknown, { call, logger }: { call: ToolCall; logger: HttpLogger }) {
  try {
    tool.checkAccess(call.access);
    const { answer, text } = await tool.call(input ?? {}, call);
    return { content: [{ type: 'text' as const, text }], structuredContent: { ...answer } };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (!error.spec.expose) logger.error({ err: error.cause ?? error, requestId: call.requestId, tool: tool.name }, 'tool of /mcp failed');
    // The specification of 2025-11-25, "Error Handling": a model can correct its input only if the error is a result.
    const { message } = errorBody(error, call.requestId).error;
    return { content: [{ type: 'text' as const, text: `${error.code}: ${message}` }], isError: true };
  }
}

function serverFor(tools: readonly Tool[], caller: ToolCaller, deps: McpServerDeps): Server {
  const server = new Server(
    { name: 'xopc', title: 'xopc gateway', version: deps.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS, jsonSchemaValidator: NO_VALIDATOR },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: tools.filter((tool) => isAllowed(tool, caller)).map((tool) => tool.listed()) as never,
  }));
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: input } }, context) => {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool '${name.slice(0, 100)}'.`);
    return await callTool(tool, input, { call: { ...caller, onProgress: progressOf(context) }, logger: deps.logger });
  });
  return server;
}

export function createMcpServer(deps: McpServerDeps): McpServer {
  const tools = mcpTools(deps);
  const onerror = (err: Error): void => deps.logger.debug({ err }, 'request of /mcp refused');
  return ({ message, headers, caller }) => {
    // No subscriptions: this server has no events for them.
    const handler = createMcpHandler(() => serverFor(tools, caller, deps), { onerror, maxSubscriptions: 0 });
    // Without its signal, so that a caller whose turn is aborted by a drain gets that as the answer.
    const request = new Request('http://localhost/mcp', { method: 'POST', headers });
    return handler.fetch(request, { parsedBody: message });
  };
}
