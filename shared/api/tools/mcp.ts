/** `/api/mcp`: the MCP servers of the configuration, their tools, and calls of these tools without an agent. */
import * as z from 'zod';
import { mcpServerName } from '../../config/tools/mcp.js';
import { label, okStatus, instant } from '../fields.js';

/**
 * `idle`: it is started when it is first needed. `backoff`: it ended or could not be started; calls fail until the pause is over. `failed`: the
 * same, and the next call starts it. `off`: disabled.
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
    /** Why it is in `backoff` or `failed`. */
    error: z.string().nullable(),
    /** How many it has; null until it has been asked. */
    tools: z.int().nullable(),
    pid: z.int().nullable(),
    /** Since when it has been in its state. */
    since: instant(),
  });
export type McpServerDocument = z.output<ReturnType<typeof serverDocument>>;

export const mcpServersResponse = () => z.strictObject({ status: okStatus(), servers: z.array(serverDocument()) });

/** The path parameters `:server` and `:tool`. */
export const mcpServerParameter = () => mcpServerName;
export const mcpToolParameter = () => label(256);

const toolDocument = () =>
  z.strictObject({
    /** The server's own name of it. */
    name: z.string(),
    /** What models call it: `server__tool`. */
    fullName: z.string(),
    title: z.string().nullable(),
    description: z.string(),
    /** JSON Schema of its arguments. */
    inputSchema: z.record(z.string(), z.unknown()),
    /** The server says that it changes nothing. */
    isReadOnly: z.boolean(),
    /** The server says that calling it twice is the same as calling it once. */
    isRepeatable: z.boolean(),
    /** Why agents are not given it. */
    problem: z.string().nullable(),
  });
export type McpToolDocument = z.output<ReturnType<typeof toolDocument>>;

export const mcpToolsResponse = () => z.strictObject({ status: okStatus(), tools: z.array(toolDocument()) });

/** Whether the server answers. `version`: of the protocol that is spoken. `error`: null where `ok`. */
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
