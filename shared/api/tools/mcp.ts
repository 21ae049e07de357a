/** `/api/mcp`: the MCP servers of the configuration, their tools, and calls of these tools without an agent. */
import * as z from 'zod';
import { mcpServerName } from '../../config/tools/mcp.js';
import { label, okStatus, instant } from '../fields.js';

/**
 * `idle`: started when first needed. `backoff`: the server ended or could not be started; calls fail until the pause is over.
 * `failed`: the same, but the next call starts it. `off`: disabled.
 */
export const MCP_STATES = ['off', 'idle', 'starting', 'running', 'backoff', 'failed'] as const;
export type McpState = (typeof MCP_STATES)[number];

const serverDocument = () =>
  z.strictObject({
    name: z.string(),
    transport: z.enum(['stdio', 'http']),
    /** The program's name, or the origin of the URL. */
    target: z.string(),
    state: z.enum(MCP_STATES),
    /** Why the server is in `backoff` or `failed`. */
    error: z.string().nullable(),
    /** Number of its tools; null until the server has reported them. */
    tools: z.int().nullable(),
    pid: z.int().nullable(),
    /** When it entered its state. */
    since: instant(),
  });
export type McpServerDocument = z.output<ReturnType<typeof serverDocument>>;

export const mcpServersResponse = () => z.strictObject({ status: okStatus(), servers: z.array(serverDocument()) });

/** The path parameters `:server` and `:tool`. */
export const mcpServerParameter = () => mcpServerName;
export const mcpToolParameter = () => label(256);

const toolDocument = () =>
  z.strictObject({
    /** The server's own name for the tool. */
    name: z.string(),
    /** The name that models use: `server__tool`. */
    fullName: z.string(),
    title: z.string().nullable(),
    description: z.string(),
    /** JSON Schema of its arguments. */
    inputSchema: z.record(z.string(), z.unknown()),
    /** According to the server, the tool changes nothing. */
    isReadOnly: z.boolean(),
    /** According to the server, calling the tool twice has the same effect as calling it once. */
    isRepeatable: z.boolean(),
    /** Why agents cannot use it. */
    problem: z.string().nullable(),
  });
export type McpToolDocument = z.output<ReturnType<typeof toolDocument>>;

export const mcpToolsResponse = () => z.strictObject({ status: okStatus(), tools: z.array(toolDocument()) });

/** Whether the server answers. `version`: the protocol version in use. `error`: null if `ok`. */
const testResult = () =>
  z.strictObject({
    ok: z.boolean(),
    error: z.string().nullable(),
    durationMs: z.int(),
    server: z.strictObject({ name: z.string(), version: z.string() }).nullable(),
    version: z.string().nullable(),
    tools: z.int().nullable(),
  });
export type McpTestResult = z.output<ReturnType<typeof testResult>>;

export const mcpTestResponse = () => z.strictObject({ status: okStatus(), ...testResult().shape });

/** Body of `POST /api/mcp/:server/tools/:tool/call`. */
export const mcpCallRequest = () => z.strictObject({ arguments: z.record(z.string(), z.unknown()).default({}) });

/** `text`: what a model would get. `images`: base64. */
const callResult = () =>
  z.strictObject({
    text: z.string(),
    isError: z.boolean(),
    durationMs: z.int(),
    images: z.array(z.strictObject({ mediaType: z.string(), data: z.string() })),
  });
export type McpCallResult = z.output<ReturnType<typeof callResult>>;

export const mcpCallResponse = () => z.strictObject({ status: okStatus(), result: callResult() });
