/** `POST /api/agent`: one turn, as JSON or, with `Accept: text/event-stream`, as a stream of server-sent events. */
import * as z from 'zod';
import { attachmentFiles } from './attachments.js';
import { cutOff, label, okStatus, text, usage } from './fields.js';
import { approvalDocument } from './tools/approvals.js';

/** Body. `session` is a key or a name, default `default`; `model` is `provider/model` for this turn only. */
export const agentRequest = () =>
  z.strictObject({
    message: text(),
    session: label(512).optional(),
    agentId: label(64).optional(),
    model: label(200).optional(),
    /** Images and text files sent with the message. */
    attachments: attachmentFiles().optional(),
  });

/** The body as it is after validation. */
export type AgentRequestBody = z.output<ReturnType<typeof agentRequest>>;

/** The response to a turn. `session` is as the caller named it, `sessionKey` the full key. */
const agentAnswer = () =>
  z.strictObject({
    reply: z.string(),
    session: z.string(),
    sessionKey: z.string(),
    model: z.string(),
    usage: usage(),
    cutOff: cutOff(),
    /**
     * The turn waits for a person: `reply` is its text so far, and it continues in its session once these calls are decided, if it
     * has not already.
     */
    approvals: z.array(approvalDocument()).optional(),
  });

export const agentResponse = () => z.strictObject({ status: okStatus(), ...agentAnswer().shape });
export type AgentResponse = z.output<ReturnType<typeof agentResponse>>;

/** Progress of a tool call. `detail` is its input or output, truncated; `durationMs` is how long it ran, with its output. */
export const toolStep = () =>
  z.strictObject({
    name: z.string(),
    state: z.enum(['call', 'result', 'error']),
    detail: z.string(),
    durationMs: z.int().min(0).optional(),
  });
export type ToolStep = z.output<ReturnType<typeof toolStep>>;

/** Event name → its `data`. Exactly one `done` or `error` ends a stream; an `error` carries the API's error document. */
export const agentEvents = () => ({
  delta: z.strictObject({ text: z.string() }),
  tool: toolStep(),
  done: agentAnswer(),
});

type AgentEvents = ReturnType<typeof agentEvents>;
/** One event of a stream, by `type`. */
export type AgentEvent = { [T in keyof AgentEvents]: { type: T } & z.output<AgentEvents[T]> }[keyof AgentEvents];
