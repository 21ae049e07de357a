/** MCP servers: programs on this machine, or addresses, whose tools agents may use. */
import * as z from 'zod';
import { reason } from '../../text/reasons.js';
import { MAX_SECRET_LENGTH } from '../defaults.js';
import { headerName, httpUrl, refusal, secret } from '../fields.js';

/** Part of the tool names that models see. */
export const mcpServerName = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits and dashes');

const MAX_SERVERS = 100;
const MAX_ARGUMENTS = 200;
/** NUL characters, which environment names and values must not contain. */
const WITHOUT_NUL = /^[^\0]*$/;

const argument = z.string().max(32_768).regex(WITHOUT_NUL);
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, 'must be the name of a variable, such as API_KEY');

const server = z.strictObject({
  enabled: z.boolean().default(true),
  /** A program that communicates over its standard input and output. */
  command: argument.min(1).optional(),
  args: z.array(argument).max(MAX_ARGUMENTS).default([]),
  /** In addition to the variables that every program needs, such as PATH and HOME. */
  env: z.record(variableName, z.string().max(MAX_SECRET_LENGTH).regex(WITHOUT_NUL)).default({}),
  /** Not set: the gateway's home. */
  cwd: argument.min(1).optional(),
  /** A server that communicates over HTTP. */
  url: httpUrl.optional(),
  headers: z.record(headerName, z.string().max(MAX_SECRET_LENGTH)).default({}),
  /** Sent as `Authorization: Bearer …`. */
  token: secret.optional(),
  /** Maximum duration of a call. */
  timeoutMs: z.int().min(100).max(3_600_000).default(60_000),
  /** A server without calls for this long is stopped. */
  idleMs: z.int().min(1_000).max(86_400_000).default(600_000),
});

export const mcp = z.strictObject({
  servers: z
    .record(
      mcpServerName,
      server.superRefine(({ command, url }, context) => {
        if ((command === undefined) === (url === undefined)) context.addIssue(refusal(reason('command-or-url'), ['command', 'url']));
      }),
    )
    .refine((servers) => Object.keys(servers).length <= MAX_SERVERS, `has more than ${MAX_SERVERS} entries`)
    .default({}),
});

export type McpServerConfig = z.output<typeof server>;
