/**
 * `POST /mcp`: one JSON-RPC message of the Model Context Protocol, and the inputs of the gateway's tools. The tools answer with
 * documents of the API. Fields shared with other documents are taken from those; models read their descriptions.
 */
import * as z from 'zod';
import { agentRequest } from '../agent.js';
import { cronCreateRequest } from '../cron.js';
import { label } from '../fields.js';
import { messageSyncRequest } from '../messages.js';
import { sessionKey } from '../sessions.js';

const messageId = () => z.union([z.string().max(1_024), z.int()], { error: 'must be text or a whole number' });

/** Body: a request, a notification, or a client's answer. */
export const mcpMessage = () =>
  z.looseObject({
    jsonrpc: z.literal('2.0'),
    id: messageId().nullable().optional(),
    method: label(256).optional(),
    params: z.looseObject({}).optional(),
  });
export type McpMessage = z.output<ReturnType<typeof mcpMessage>>;

/** The answer to a request; in a stream, also notifications before it. */
export const mcpAnswer = () =>
  z.looseObject({
    jsonrpc: z.literal('2.0'),
    id: messageId().nullable().optional(),
    result: z.looseObject({}).optional(),
    error: z.looseObject({ code: z.int(), message: z.string() }).optional(),
  });

/** The answer to a request that is refused before the protocol is used. `data` is the API's own error. */
export const mcpErrorResponse = () =>
  z.strictObject({
    jsonrpc: z.literal('2.0'),
    id: messageId().nullable(),
    error: z.strictObject({
      code: z.int(),
      message: z.string(),
      data: z.looseObject({ code: z.string(), requestId: z.string() }).optional(),
    }),
  });
export type McpErrorResponse = z.output<ReturnType<typeof mcpErrorResponse>>;

export const askAgentInput = () => {
  const { message, agentId, session, model } = agentRequest().shape;
  return z.strictObject({
    message: message.describe('The message for the agent'),
    agentId: agentId.describe('The id of the agent; without it, the default agent, or the one of the session'),
    session: session.describe("A session's key, or a name: the same name continues the same conversation. Default: 'default'"),
    model: model.describe('provider/model for this question only; without it, the model of the session or of the agent'),
  });
};

export const sendMessageInput = () => {
  const { channel, chat_id: chatId, content, accountId } = messageSyncRequest().shape;
  return z.strictObject({
    channel: channel.describe("The channel, such as 'telegram', 'webhook' or 'webchat'"),
    chat_id: chatId.describe('The id of the chat in that channel'),
    content: content.describe('The text of the message'),
    accountId: accountId.describe('The account of the channel that sends it; without it, the default account'),
  });
};

const limit = (most: number, usual: number) => z.int().min(1).max(most).default(usual);
const cursor = () => label(1_024).optional().describe("'nextCursor' of the page before");

export const listSessionsInput = () => z.strictObject({ limit: limit(200, 20), cursor: cursor() });

export const readSessionInput = () =>
  z.strictObject({
    session: sessionKey(),
    limit: limit(200, 20).describe('Maximum number of messages; the newest are returned'),
    before: z.int().min(1).max(999_999_999).optional().describe("Only messages before the one with this 'seq'"),
  });

export const searchMessagesInput = () =>
  z.strictObject({
    query: label(200).describe("Words of messages and titles; filters such as 'from:telegram', 'agent:main' or 'is:unread' may be added"),
    limit: limit(50, 10).describe('Maximum number of sessions, each with its newest match'),
    cursor: cursor(),
  });

export const createJobInput = () => {
  const { schedule, ...fields } = cronCreateRequest().pick({
    name: true,
    schedule: true,
    message: true,
    mode: true,
    channel: true,
    chat_id: true,
    accountId: true,
    agentId: true,
    session: true,
    timezone: true,
    model: true,
    enabled: true,
  }).shape;
  return z.strictObject({
    ...fields,
    schedule: schedule.describe("Five or six cron fields, 'every 10m', or 'at 2026-03-01T09:00'"),
    mode: fields.mode.describe("'direct': the message is sent to the chat; 'agent': an agent answers it, and the reply is sent there"),
    timezone: fields.timezone.describe("An IANA name such as 'Europe/Berlin'; default: that of the gateway"),
  });
};

export const noInput = () => z.strictObject({});
