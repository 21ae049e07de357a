/**
 * `/ws`: one WebSocket for a page. Text frames of JSON, `{v: 1, id, type, …}` both ways; an answer names the frame that it
 * answers in `re`. What is documented here and in docs/api.md may grow: clients ignore types and fields they do not know.
 */
import { z } from 'zod';
import { attachmentIds } from './attachments.js';
import { label, text } from './fields.js';
import { messageDocument } from './sessions.js';
import { idempotencyKey } from './messages.js';
import { lastEventId } from './events.js';
import { pageTicket } from './page-links.js';

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

const tool = () => z.strictObject({ name: z.string(), state: z.enum(['call', 'result', 'error']), detail: z.string() });

/** Type → what a frame of it has beside `v`, `id` and `type`. */
export const serverFrames = () => ({
  /** The answer to `hello`. */
  hello: z.strictObject({ re: z.string(), instanceId: z.string(), version: z.string(), buildId: z.string() }),
  /** What happens in the gateway: as in `GET /api/events`, whose `id` is `event`. */
  event: z.strictObject({ event: z.string(), name: z.string(), data: z.looseObject({}) }),
  /** The frame `re` is done. `sent`: the message's id in its session; it is on disk. */
  sent: z.strictObject({ re: z.string(), messageId: z.string(), repeated: z.boolean() }),
  stopped: z.strictObject({ re: z.string(), stopped: z.boolean() }),
  unwatched: z.strictObject({ re: z.string(), session: z.string() }),
  pong: z.strictObject({ re: z.string() }),
  /** Of a watched session: what was given before is no longer so; all of it comes anew. */
  reset: z.strictObject({ session: z.string() }),
  message: z.strictObject({ session: z.string(), seq: seq(), message: messageDocument() }),
  /** The messages from this `seq` on were taken back. */
  rewound: z.strictObject({ session: z.string(), fromSeq: seq() }),
  /**
   * `running`: what comes next of its text begins at `at`; with `elsewhere`, it comes from a worker that is ending. `replaces`:
   * the attempt that was cut, and what had been said in it. Deltas name their turn, so that no text is made of two attempts.
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
  tool: z.strictObject({ session: z.string(), turn: z.string(), index: count(), tool: tool() }),
  /** All that was on disk has been given. */
  current: z.strictObject({ session: z.string(), hasOlder: z.boolean() }),
  /** A frame that failed, or a watch that ended. */
  error: z.strictObject({
    re: z.string().optional(),
    session: z.string().optional(),
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      requestId: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
});

export type ServerFrameType = keyof ReturnType<typeof serverFrames>;
export type ServerFrameBody<T extends ServerFrameType> = z.output<ReturnType<typeof serverFrames>[T]>;
export type ServerFrame = { [T in ServerFrameType]: { v: 1; id: string; type: T } & ServerFrameBody<T> }[ServerFrameType];
