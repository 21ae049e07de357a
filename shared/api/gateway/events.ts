/**
 * `GET /api/events`: gateway events, as server-sent events. Each has an `id`; a client that reconnects with `Last-Event-ID` gets the events
 * that it missed, or `reset` if they are no longer kept.
 */
import * as z from 'zod';
import { instant, usage } from '../fields.js';
import { APPROVAL_STATES } from '../tools/approval-states.js';
import { OUTGOING_STATUSES } from '../../delivery-status.js';
import { MCP_STATES } from '../tools/mcp.js';

/** Event name → its `data`. */
export const gatewayEvents = () => ({
  /** First event of each stream. */
  hello: z.strictObject({ instanceId: z.string(), version: z.string(), buildId: z.string() }),
  /** Events are missing: reload the data shown. */
  reset: z.strictObject({ reason: z.string() }),
  session: z.strictObject({ at: instant(), session: z.string(), change: z.enum(['created', 'updated', 'deleted']) }),
  turn: z.strictObject({
    at: instant(),
    session: z.string(),
    agentId: z.string(),
    /** `waiting`: for a person's decision about a tool; afterwards the turn is `started` again. */
    state: z.enum(['started', 'waiting', 'done', 'aborted', 'error']),
    model: z.string().nullable(),
    usage: usage().nullable(),
  }),
  /** A model was called outside of a turn: for a program that keeps its conversation itself (`/v1/chat/completions`), or to transcribe a recording. */
  completion: z.strictObject({ at: instant(), model: z.string(), state: z.enum(['done', 'aborted', 'error']), usage: usage().nullable() }),
  /** Delivery state of a message to a chat, or of a part of one. */
  message: z.strictObject({
    at: instant(),
    id: z.string(),
    channel: z.string(),
    accountId: z.string(),
    chat_id: z.string(),
    status: z.enum(OUTGOING_STATUSES),
  }),
  channel: z.strictObject({
    at: instant(),
    channel: z.string(),
    state: z.enum(['off', 'starting', 'running', 'backoff', 'failed']),
    message: z.string().nullable(),
  }),
  cron: z.strictObject({
    at: instant(),
    job_id: z.string(),
    /** `run`: a run of the job has started or ended. */
    change: z.enum(['created', 'updated', 'deleted', 'run']),
    run_id: z.string().nullable(),
    /** State of the run. */
    state: z.enum(['running', 'done', 'failed', 'interrupted', 'replaced', 'skipped', 'missed']).nullable(),
  }),
  /** A tool call that waits for a decision, or no longer does. */
  approval: z.strictObject({
    at: instant(),
    id: z.int(),
    state: z.enum(APPROVAL_STATES),
    session: z.string(),
    agentId: z.string(),
    tool: z.string(),
    turnId: z.string(),
  }),
  /** An MCP server's state; `error`: why it is in `backoff` or `failed`. */
  mcp: z.strictObject({ at: instant(), server: z.string(), state: z.enum(MCP_STATES), error: z.string().nullable() }),
  config: z.strictObject({ at: instant(), outcome: z.enum(['applied', 'rejected']), revision: z.string() }),
  /** An access token; its name is in the list of tokens. */
  token: z.strictObject({ at: instant(), id: z.string(), change: z.enum(['created', 'revoked', 'expired']) }),
  /** Last event of a stream that ends because the gateway restarts or stops; reconnect after `retry`. */
  draining: z.strictObject({ at: instant() }),
});

/** The `Last-Event-ID` header: an id that a stream gave. */
export const lastEventId = () => z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be the id of an event');

type GatewayEvents = { [Name in keyof ReturnType<typeof gatewayEvents>]: z.output<ReturnType<typeof gatewayEvents>[Name]> };

/** A gateway event. `at` is added when it is published. */
export type GatewayEvent = {
  [Name in Exclude<keyof GatewayEvents, 'hello' | 'reset'>]: { readonly type: Name } & Readonly<Omit<GatewayEvents[Name], 'at'>>;
}[Exclude<keyof GatewayEvents, 'hello' | 'reset'>];

/** One event of a stream. `hello` is the first; `reset` means that events are missing. */
export interface FollowedEvent {
  readonly id: string;
  readonly type: keyof GatewayEvents;
  readonly data: Readonly<Record<string, unknown>>;
}
