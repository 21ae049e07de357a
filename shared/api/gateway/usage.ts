/**
 * `GET /api/usage`: usage of agents' turns, and of model calls outside of turns, by day, model, session, agent, kind and access
 * token.
 */
import * as z from 'zod';
import { okStatus, queryInteger, type Answer, count } from '../fields.js';

export const MAX_USAGE_DAYS = 366;
/** The largest offset of a time zone from UTC. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** What a model is called for outside of a turn. */
export const CALL_KINDS = ['completion', 'embedding', 'transcription', 'summary'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

export const usageQuery = () =>
  z.strictObject({
    /** Number of days up to today, today included. */
    days: queryInteger(1, MAX_USAGE_DAYS).default(30),
    /** Offset of the caller's time zone from UTC in minutes; days start at midnight there. */
    utcOffsetMinutes: z
      .string()
      .regex(/^-?\d{1,3}$/, 'must be a whole number of minutes')
      .transform(Number)
      .pipe(z.int().min(-MAX_OFFSET_MINUTES).max(MAX_OFFSET_MINUTES))
      .default(0),
  });

const amounts = () => ({
  turns: count(),
  /** Model calls outside of turns. */
  calls: count(),
  inputTokens: count(),
  outputTokens: count(),
  /** Parts of the input tokens. */
  cacheReadTokens: count(),
  cacheWriteTokens: count(),
  /** US dollars, summed over turns and calls whose price is known. */
  costUsd: z.number().min(0),
  /** Turns of unknown cost: the model has no price, or the provider reported no tokens. */
  unpricedTurns: count(),
  unpricedCalls: count(),
});

const usageAmounts = () => z.strictObject(amounts());
const modelUsage = () => z.strictObject({ model: z.string(), ...amounts() });

export const usageResponse = () =>
  z.strictObject({
    status: okStatus(),
    total: usageAmounts(),
    /** Every day, oldest first, including days without usage. */
    days: z.array(z.strictObject({ date: z.iso.date(), models: z.array(modelUsage()) })),
    /** Highest cost first. */
    models: z.array(modelUsage()),
    /** Highest cost first, at most 50; deleted sessions are not listed. */
    sessions: z.array(z.strictObject({ key: z.string(), title: z.string(), channel: z.string(), ...amounts() })),
    /** By agent, highest cost first. Calls that name a model are not listed. */
    agents: z.array(z.strictObject({ agentId: z.string(), ...amounts() })),
    /** By purpose of the model calls, highest cost first. */
    kinds: z.array(z.strictObject({ kind: z.enum(['turn', ...CALL_KINDS]), ...amounts() })),
    /** By the access token that requested turns and calls, highest cost first. A revoked token keeps the name that it had. */
    tokens: z.array(z.strictObject({ id: z.string(), name: z.string(), ...amounts() })),
  });

export type UsageQuery = z.output<ReturnType<typeof usageQuery>>;
export type UsageAmounts = z.output<ReturnType<typeof usageAmounts>>;
export type ModelUsage = z.output<ReturnType<typeof modelUsage>>;
export type Usage = Answer<typeof usageResponse>;
