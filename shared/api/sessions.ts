/**
 * `/api/sessions`. A session's key is `{agentId}:{source}:{accountId}:{peerKind}:{peerId}`, URL-encoded in a path. Any other text is a
 * name: that of the session `{default agent}:api:default:direct:{name}`.
 */
import * as z from 'zod';
import { attachmentNote } from './attachments.js';
import { ERRORS } from '../errors.js';
import { SESSION_KINDS } from '../sessions/kinds.js';
import { cutOff, chatIdText, label, okStatus, queryFlag, queryInteger, whyFields } from './fields.js';

/** Body of `POST /api/sessions`; all fields are optional, and so is the body itself. */
export const sessionCreateRequest = () =>
  z.strictObject({ channel: label(64).optional(), chat_id: chatIdText().optional(), agentId: label(64).optional() });

/** Query of `GET /api/sessions`. */
export const sessionListQuery = () =>
  z.strictObject({
    /** Words of titles and messages, and filters such as `from:telegram`; see docs/api.md. */
    search: label(200).optional(),
    /** Alias of `search`. */
    q: label(200).optional(),
    limit: queryInteger(1, 200).optional(),
    cursor: label(1_024).optional(),
    deleted: queryFlag().optional(),
  });

export type SessionListQuery = z.output<ReturnType<typeof sessionListQuery>>;

/** Query of `GET /api/sessions/:key`: the number of newest messages to include; default 1000. */
export const sessionQuery = () => z.strictObject({ limit: queryInteger(0, 1_000).optional() });

/** The path parameter `:key` of a session. */
export const sessionKey = () =>
  label(512).describe(
    'A key (`agent:source:account:kind:peer`), or the name that `POST /api/agent` takes for a session of the default agent',
  );

export const sessionDocument = () =>
  z.strictObject({
    key: z.string(),
    agentId: z.string(),
    channel: z.string(),
    title: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    messageCount: z.int().min(0),
    /** `provider/model` chosen for the session; null: the configured default. */
    model: z.string().nullable(),
    pinned: z.boolean(),
    /** Listed only with `is:archived` or `is:any`; the next message unarchives it. */
    archived: z.boolean(),
    /** The gateway has added a message since the session was last marked as read. */
    unread: z.boolean(),
    tags: z.array(z.string()),
  });

/** A conversation. `key` is `{agentId}:{source}:{accountId}:{peerKind}:{peerId}`. */
export type SessionDocument = z.output<ReturnType<typeof sessionDocument>>;

/** Sums over all turns of a session; US dollars as far as prices are known. */
const sessionUsage = () => z.strictObject({ inputTokens: z.int().min(0), outputTokens: z.int().min(0), costUsd: z.number().min(0) });

/** Where a search found its text in a session. */
const sessionMatch = () =>
  z.strictObject({
    /** Up to 200 characters around the match, as one line of plain text. */
    snippet: z.string(),
    /** Where the text is in `snippet`, in UTF-16 code units; `end` is exclusive. */
    highlights: z.array(z.strictObject({ start: z.int().min(0), end: z.int().min(0) })),
    /** The newest message with the text; null if only the title matches. */
    messageId: z.string().nullable(),
  });

export type SessionMatch = z.output<ReturnType<typeof sessionMatch>>;

/** A session as lists show it. */
export const listedSession = () =>
  sessionDocument().extend({
    /** The last message of a person or an agent, as one line of up to 160 characters. */
    lastMessage: z.strictObject({ role: z.enum(['user', 'assistant']), text: z.string() }).nullable(),
    /** `provider/model` of the last turn. */
    lastModel: z.string().nullable(),
    answering: z.boolean(),
    usage: sessionUsage(),
    /** Only if the search has words. */
    match: sessionMatch().optional(),
  });

export type ListedSession = z.output<ReturnType<typeof listedSession>>;

export const messageDocument = () =>
  z.strictObject({
    id: z.string(),
    role: z.enum(['user', 'assistant', 'system', 'tool']),
    content: z.string(),
    createdAt: z.iso.datetime(),
    model: z.string().nullable(),
    status: z.enum(['complete', 'aborted', 'error']),
    /** How long the tool call ran, if known. */
    durationMs: z.int().min(0).optional(),
    /** If the message has variants: the ids of all of them, its own included, oldest first. */
    variants: z.array(z.string()).optional(),
    /** Of the last message: ids of its earlier replies, while a regenerated reply has not replaced them. */
    replies: z.array(z.string()).optional(),
    /** Usage of the turn; null if unknown. Its log lines have this id as `turnId`. */
    turn: z
      .strictObject({
        id: z.string(),
        inputTokens: z.int().nullable(),
        outputTokens: z.int().nullable(),
        costUsd: z.number().nullable(),
        durationMs: z.int().min(0),
        /** Error code if the turn failed; its message is in the transcript. */
        errorCode: z.enum(Object.keys(ERRORS)).optional(),
        cutOff: cutOff(),
      })
      .optional(),
    /** The machine-readable form of a failed turn's message. */
    ...whyFields(),
    /** Attached files; `GET /api/attachments/:id` returns one. */
    attachments: z.array(attachmentNote()).optional(),
  });

export type MessageDocument = z.output<ReturnType<typeof messageDocument>>;

/** A message with its position: `seq` increases across all sessions and is never reused. */
export const placedMessage = () => messageDocument().extend({ seq: z.int().min(0) });

export type PlacedMessage = z.output<ReturnType<typeof placedMessage>>;

/** Body of `POST /api/sessions/:key/choose`: one of a message's `variants`, or `replies`. */
export const sessionChooseRequest = () => z.strictObject({ messageId: label(128) });
export const sessionChooseResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument() });

export const sessionCreateResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument(), created: z.boolean() });
export const sessionListResponse = () =>
  z.strictObject({ status: okStatus(), sessions: z.array(listedSession()), nextCursor: z.string().nullable() });
export type SessionPage = Omit<z.output<ReturnType<typeof sessionListResponse>>, 'status'>;

/** `maxAgeDays`, `maxMessages`: from `sessions.retention`; null means no limit. */
export const sessionStorageResponse = () =>
  z.strictObject({
    status: okStatus(),
    databaseBytes: z.int().min(0).nullable(),
    kinds: z.array(
      z.strictObject({
        kind: z.enum(SESSION_KINDS),
        sessions: z.int().min(0),
        messages: z.int().min(0),
        maxAgeDays: z.int().nullable(),
        maxMessages: z.int().nullable(),
      }),
    ),
  });
export type SessionStorage = Omit<z.output<ReturnType<typeof sessionStorageResponse>>, 'status'>;

export const sessionTagsResponse = () => z.strictObject({ status: okStatus(), tags: z.array(z.string()) });
export const sessionResponse = () =>
  z.strictObject({ status: okStatus(), session: sessionDocument(), usage: sessionUsage(), messages: z.array(messageDocument()) });
/** A session with its newest messages, oldest first. */
export type SessionTranscript = Omit<z.output<ReturnType<typeof sessionResponse>>, 'status'>;

export const sessionDeleteResponse = () => z.strictObject({ status: okStatus(), restorableUntil: z.iso.datetime() });
export const sessionRestoreResponse = () => z.strictObject({ status: okStatus(), session: sessionDocument() });
