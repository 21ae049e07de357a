/** Operations on a whole session: `PATCH /api/sessions/:key`, paging through its messages, fork, export and import. */
import * as z from 'zod';
import { MAX_TAG_LENGTH, MAX_TAGS } from '../sessions/filters.js';
import { attachmentFiles } from './attachments.js';
import { label, okStatus, queryInteger, usage } from './fields.js';
import { placedMessage, sessionDocument } from './sessions.js';

const tags = () => z.array(label(MAX_TAG_LENGTH)).max(MAX_TAGS);

/**
 * Body of `PATCH /api/sessions/:key`. `model`: `provider/model`, or null for the configured default; `tags`: the complete list; `addTags` and
 * `removeTags` leave the others as they are.
 */
export const sessionChangeRequest = () =>
  z.strictObject({
    title: label(200).optional(),
    model: label(200).nullable().optional(),
    pinned: z.boolean().optional(),
    archived: z.boolean().optional(),
    unread: z.boolean().optional(),
    tags: tags().optional(),
    addTags: tags().optional(),
    removeTags: tags().optional(),
  });
export type SessionChangeRequest = z.output<ReturnType<typeof sessionChangeRequest>>;
export const sessionChangeResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument() });

/** Query of `GET /api/sessions/:key/messages`: messages before that `seq`, at most `limit` (default 100). */
export const messagePageQuery = () =>
  z.strictObject({ before: queryInteger(1, 999_999_999).optional(), limit: queryInteger(1, 200).optional() });
export const messagePageResponse = () =>
  z.strictObject({
    status: okStatus(),
    messages: z.array(placedMessage()),
    hasOlder: z.boolean(),
    /** With the newest page: the summary that a model is given in place of the messages up to `seq`, if there is one. */
    summary: z.strictObject({ id: z.string(), seq: z.int().min(0) }).optional(),
  });

/** One page of messages, oldest first. */
export type MessagePage = Omit<z.output<ReturnType<typeof messagePageResponse>>, 'status'>;

/** Body of `POST /api/sessions/:key/fork`: creates a page session with all messages up to the given one; without it, with all messages. */
export const sessionForkRequest = () => z.strictObject({ messageId: label(128).optional() });
export const sessionForkResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument() });

/** Query of `GET /api/sessions/:key/export`. */
export const sessionExportQuery = () => z.strictObject({ format: z.enum(['json', 'jsonl', 'markdown']).default('json') });

/** The first line of an export in JSON Lines; in JSON, all fields but `messages`. */
export const sessionFileHeader = () =>
  z.strictObject({
    format: z.literal('xopc-session'),
    version: z.literal(1),
    title: z.string().min(1).max(512),
    agentId: label(64).optional(),
    tags: tags().optional(),
    channel: label(64).optional(),
    exportedAt: z.iso.datetime().optional(),
    /** The messages of a JSON export; they are read one by one. */
    messages: z.array(z.never()).max(0).optional(),
  });

export const sessionFileMessage = () =>
  z.strictObject({
    role: z.enum(['user', 'assistant', 'system', 'tool']),
    content: z.string(),
    createdAt: z.iso.datetime(),
    model: z.string().max(512).nullable(),
    status: z.enum(['complete', 'aborted', 'error']),
    /** Attached files. */
    attachments: attachmentFiles().optional(),
  });

/** An export file, and the body of `POST /api/sessions/import`. */
export const sessionFile = () => sessionFileHeader().extend({ messages: z.array(sessionFileMessage()) });

export type SessionFile = z.output<ReturnType<typeof sessionFile>>;

/** `GET /api/commands`: the chat commands, without the slash. */
export const commandsResponse = () =>
  z.strictObject({ status: okStatus(), commands: z.array(z.strictObject({ name: z.string(), summary: z.string() })) });

/** The path parameter `:id` of a summary. */
export const summaryId = () => label(128);

const sessionSummary = () =>
  z.strictObject({
    id: z.string(),
    /**
     * `inUse`: a model is given it in place of the messages up to `seq`. `earlier`: it was replaced, or the conversation took
     * another branch.
     */
    state: z.enum(['inUse', 'earlier', 'undone']),
    /** The last message that it covers. */
    seq: z.int().min(0),
    content: z.string(),
    /** `provider/model` that wrote it. */
    model: z.string(),
    usage: usage(),
    createdAt: z.iso.datetime(),
  });

export type SessionSummary = z.output<ReturnType<typeof sessionSummary>>;

/** The summaries of a session's older messages, newest first. */
export const sessionSummariesResponse = () => z.strictObject({ status: okStatus(), summaries: z.array(sessionSummary()) });
