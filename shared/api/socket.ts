/**
 * `/ws`: one WebSocket for a page. Text frames of JSON, `{v: 1, id, type, …}` both ways; an answer names the frame that it
 * answers in `re`. What is documented here and in docs/api.md may grow: clients ignore types and fields they do not know.
 */
import * as z from 'zod';
import { toolStep } from './agent.js';
import { attachmentIds } from './attachments.js';
import { errorResponse } from './error.js';
import { label, text } from './fields.js';
import { messageDocument } from './sessions.js';
import { idempotencyKey } from './messages.js';
import { lastEventId } from './gateway/events.js';
import { pageTicket } from './gateway/page-links.js';

const frame = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ v: z.literal(1), id: label(64), type: z.literal(type), ...shape });

const session = () => label(512);
const seq = () => z.int().min(0);
const count = () => z.int().min(0).max(100_000_000);

/** What a client sends. `hello` comes first. */
export const clientFrame = () =>
  z.discriminatedUnion('type', [
    /** `token` or the `ticket` of a page link, where one is wanted; `resume`: the id of the last gateway event that was seen. */
    frame('hello', { token: label(512).optional(), ticket: pageTicket().optional(), resume: lastEventId().optional() }),
    /** Follow a session: from `after` (a message's `seq`) on, and from `turn.length` of the answer that is being given. */
    frame('watch', {
      session: session(),
      after: seq().optional(),
      turn: z.strictObject({ id: label(64), length: count(), tools: count() }).optional(),
    }),
    frame('unwatch', { session: session() }),
    /** A message for the agent. The same `key` again is the same message, and CONFLICT with another content; `replaceFrom`: it takes the place of that one and all after it. `attachments`: ids of files. */
    frame('send', {
      session: session(),
      key: idempotencyKey(),
      content: text(),
      replaceFrom: label(128).optional(),
      attachments: attachmentIds().optional(),
    }),
    /** Another answer to that message, or to the question that it answers. The same `key` again is the same wish. */
    frame('regenerate', { session: session(), key: idempotencyKey(), messageId: label(128) }),
    /** End the answer that is being given. */
    frame('stop', { session: session() }),
    frame('ping', {}),
  ]);

export type ClientFrame = z.output<ReturnType<typeof clientFrame>>;

type Client<T extends ClientFrame['type']> = Omit<Extract<ClientFrame, { type: T }>, 'v' | 'id' | 'type'>;
/** What a watcher has already: `after` is the `seq` of its last message; without it, it gets the newest ones. */
export type ChatPosition = Omit<Client<'watch'>, 'session'>;
export type ChatMessage = Client<'send'>;
export type ChatRegeneration = Client<'regenerate'>;

/** Type → what a frame of it has beside `v`, `id` and `type`. */
export const serverFrames = () => ({
  /** The answer to `hello`. */
  hello: z.strictObject({ re: z.string(), instanceId: z.string(), version: z.string(), buildId: z.string() }),
  /** An event of the gateway, as in `GET /api/events`; `event` is its id. */
  event: z.strictObject({ event: z.string(), name: z.string(), data: z.looseObject({}) }),
  /** The frame `re` is done. `sent`: the message's id in its session; it is on disk. */
  sent: z.strictObject({ re: z.string(), messageId: z.string(), repeated: z.boolean() }),
  stopped: z.strictObject({ re: z.string(), stopped: z.boolean() }),
  unwatched: z.strictObject({ re: z.string(), session: z.string() }),
  pong: z.strictObject({ re: z.string() }),
  /** Discard what was received of the session: everything is sent again. */
  reset: z.strictObject({ session: z.string() }),
  /** `seq` is the message's durable number: it grows over all sessions and is never used twice. */
  message: z.strictObject({ session: z.string(), seq: seq(), message: messageDocument() }),
  /** The messages from this `seq` on were taken back. */
  rewound: z.strictObject({ session: z.string(), fromSeq: seq() }),
  /**
   * `running`: the next text of the answer begins at `at`; with `elsewhere`, it comes from a worker that is ending. `replaces`:
   * the interrupted attempt and its text. Deltas name their turn, so that no text mixes two attempts.
   */
  turn: z.strictObject({
    session: z.string(),
    turn: z.string(),
    state: z.enum(['running', 'done', 'aborted', 'error']),
    at: count().optional(),
    elsewhere: z.boolean().optional(),
    replaces: z.strictObject({ turn: z.string(), text: z.string() }).optional(),
  }),
  delta: z.strictObject({ session: z.string(), turn: z.string(), at: count(), text: z.string() }),
  tool: z.strictObject({ session: z.string(), turn: z.string(), index: count(), tool: toolStep() }),
  /** All that is on disk was sent; more follows as it happens. `hasOlder`: there are messages before the first that was sent. */
  current: z.strictObject({ session: z.string(), hasOlder: z.boolean() }),
  /** A frame that failed, or a watch that ended. */
  error: z.strictObject({
    re: z.string().optional(),
    session: z.string().optional(),
    ...errorResponse().shape,
  }),
});

export type ServerFrameType = keyof ReturnType<typeof serverFrames>;
export type ServerFrameBody<T extends ServerFrameType> = z.output<ReturnType<typeof serverFrames>[T]>;
export type ServerFrame = { [T in ServerFrameType]: { v: 1; id: string; type: T } & ServerFrameBody<T> }[ServerFrameType];

/** Frames of a watched session. */
type ChatEventType = 'reset' | 'message' | 'rewound' | 'turn' | 'delta' | 'tool' | 'current';
/** One event of a watched session, in order: a frame without what only the connection knows. */
export type ChatEvent = { [T in ChatEventType]: { type: T } & Omit<ServerFrameBody<T>, 'session'> }[ChatEventType];
