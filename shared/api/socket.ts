/**
 * `/ws`: one WebSocket for a page. Text frames of JSON, `{v: 1, id, type, …}` both ways; a response names the frame that it answers in
 * `re`. Types and fields may be added: clients ignore those they do not know.
 */
import * as z from 'zod';
import { toolStep } from './agent.js';
import { attachmentIds } from './attachments.js';
import { errorResponse } from './error.js';
import { label, text } from './fields.js';
import { messageDocument } from './sessions.js';
import { idempotencyKey } from './messages.js';
import { lastEventId } from './gateway/events.js';

const frame = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ v: z.literal(1), id: label(64), type: z.literal(type), ...shape });

const session = () => label(512);
const seq = () => z.int().min(0);
const count = () => z.int().min(0).max(100_000_000);

/** What a client sends. `hello` comes first. */
export const clientFrame = () =>
  z.discriminatedUnion('type', [
    /** `token`, if one is needed and the browser has no page session; `resume`: the id of the last gateway event that was seen. */
    frame('hello', { token: label(512).optional(), resume: lastEventId().optional() }),
    /** Follow a session: from `after` (a message's `seq`) on, and from `turn.length` of the answer in progress. */
    frame('watch', {
      session: session(),
      after: seq().optional(),
      turn: z.strictObject({ id: label(64), length: count(), tools: count() }).optional(),
    }),
    frame('unwatch', { session: session() }),
    /**
     * A message for the agent. Repeating a `key` sends the message only once; with different content it fails with CONFLICT.
     * `replaceFrom`: the new message replaces that one and all after it. `attachments`: ids of files.
     */
    frame('send', {
      session: session(),
      key: idempotencyKey(),
      content: text(),
      replaceFrom: label(128).optional(),
      attachments: attachmentIds().optional(),
    }),
    /** Regenerates the answer to that message, or that answer. Repeating a `key` has no further effect. */
    frame('regenerate', { session: session(), key: idempotencyKey(), messageId: label(128) }),
    /** Stops the answer in progress. `key`: takes back the message with that key instead, unless its answer has begun. */
    frame('stop', { session: session(), key: idempotencyKey().optional() }),
    frame('ping', {}),
  ]);

export type ClientFrame = z.output<ReturnType<typeof clientFrame>>;

type Client<T extends ClientFrame['type']> = Omit<Extract<ClientFrame, { type: T }>, 'v' | 'id' | 'type'>;
/** What a watcher already has: `after` is the `seq` of its last message; without it, the newest messages are sent. */
export type ChatPosition = Omit<Client<'watch'>, 'session'>;
export type ChatMessage = Client<'send'>;
export type ChatRegeneration = Client<'regenerate'>;

/** Type → the fields of a frame besides `v`, `id` and `type`. */
export const serverFrames = () => ({
  /** The response to `hello`. */
  hello: z.strictObject({ re: z.string(), instanceId: z.string(), version: z.string(), buildId: z.string() }),
  /** An event of the gateway, as in `GET /api/events`; `event` is its id. */
  event: z.strictObject({ event: z.string(), name: z.string(), data: z.looseObject({}) }),
  /** Frame `re` has been carried out. `sent`: the message's id in its session; it is on disk. */
  sent: z.strictObject({ re: z.string(), messageId: z.string(), repeated: z.boolean() }),
  stopped: z.strictObject({ re: z.string(), stopped: z.boolean() }),
  unwatched: z.strictObject({ re: z.string(), session: z.string() }),
  pong: z.strictObject({ re: z.string() }),
  /** Discard everything received of the session; it is sent again. */
  reset: z.strictObject({ session: z.string() }),
  /** `seq` is the message's durable number: it increases across all sessions and is never reused. */
  message: z.strictObject({ session: z.string(), seq: seq(), message: messageDocument() }),
  /** The messages from this `seq` on were removed. */
  rewound: z.strictObject({ session: z.string(), fromSeq: seq() }),
  /**
   * `running`: the next text of the answer begins at `at`; with `elsewhere`, it comes from a worker that is ending. `replaces`:
   * the interrupted attempt and its text. `waiting`: for a person's decision; then it is `running` again, from its beginning. Deltas name their turn, so that the texts of two attempts never mix.
   */
  turn: z.strictObject({
    session: z.string(),
    turn: z.string(),
    state: z.enum(['running', 'waiting', 'done', 'aborted', 'error']),
    at: count().optional(),
    elsewhere: z.boolean().optional(),
    replaces: z.strictObject({ turn: z.string(), text: z.string() }).optional(),
  }),
  delta: z.strictObject({ session: z.string(), turn: z.string(), at: count(), text: z.string() }),
  tool: z.strictObject({ session: z.string(), turn: z.string(), index: count(), tool: toolStep() }),
  /** Everything on disk has been sent; new messages follow as they arrive. `hasOlder`: there are messages before the first one sent. */
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
/** One event of a watched session, in order: a frame without the fields of the connection. */
export type ChatEvent = { [T in ChatEventType]: { type: T } & Omit<ServerFrameBody<T>, 'session'> }[ChatEventType];
