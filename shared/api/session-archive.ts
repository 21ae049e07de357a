/** What can be done with a whole session: `PATCH /api/sessions/:key`, and its messages by page, as a copy, as a file and back. */
import { z } from 'zod';
import { MAX_TAG_LENGTH, MAX_TAGS } from '../session-filters.js';
import { label, okStatus, queryInteger } from './fields.js';
import { messageDocument, sessionDocument } from './sessions.js';

/** Body of `PATCH /api/sessions/:key`. `model`: `provider/model`, or null for what the configuration says; `tags`: all of them. */
export const sessionChangeRequest = () =>
  z.strictObject({
    title: label(200).optional(),
    model: label(200).nullable().optional(),
    pinned: z.boolean().optional(),
    archived: z.boolean().optional(),
    unread: z.boolean().optional(),
    tags: z.array(label(MAX_TAG_LENGTH)).max(MAX_TAGS).optional(),
  });
export const sessionChangeResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument() });

/** Query of `GET /api/sessions/:key/messages`: those before the message of that `seq`, at most `limit` (default 100). */
export const messagePageQuery = () =>
  z.strictObject({ before: queryInteger(1, 999_999_999).optional(), limit: queryInteger(1, 200).optional() });
export const messagePageResponse = () =>
  z.strictObject({
    status: okStatus(),
    messages: z.array(messageDocument().extend({ seq: z.int().min(0) })),
    hasOlder: z.boolean(),
  });

/** Body of `POST /api/sessions/:key/fork`: a new session of the page with all messages up to that one; without it, with all. */
export const sessionForkRequest = () => z.strictObject({ messageId: label(128).optional() });
export const sessionForkResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument() });

/** Query of `GET /api/sessions/:key/export`. */
export const sessionExportQuery = () => z.strictObject({ format: z.enum(['json', 'markdown']).default('json') });

const text = () => z.string().max(1_000_000);

/** The file of an export, and the body of `POST /api/sessions/import`. */
export const sessionFile = () =>
  z.strictObject({
    format: z.literal('xopc-session'),
    version: z.literal(1),
    title: z.string().min(1).max(200),
    agentId: label(64).optional(),
    channel: label(64).optional(),
    exportedAt: z.iso.datetime().optional(),
    messages: z
      .array(
        z.strictObject({
          role: z.enum(['user', 'assistant', 'system', 'tool']),
          content: text(),
          createdAt: z.iso.datetime(),
          model: z.string().max(200).nullable(),
          status: z.enum(['complete', 'aborted', 'error']),
        }),
      )
      .max(20_000),
  });

export type SessionFile = z.output<ReturnType<typeof sessionFile>>;

/** `GET /api/commands`: what chats take as commands, without the slash. */
export const commandsResponse = () =>
  z.strictObject({ status: okStatus(), commands: z.array(z.strictObject({ name: z.string(), summary: z.string() })) });
