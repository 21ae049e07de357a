/** `GET /api/usage`: what agents' turns used, by day, model and session. */
import { z } from 'zod';
import { okStatus, queryInteger } from './fields.js';

export const MAX_USAGE_DAYS = 366;
/** The furthest time zones. */
const MAX_OFFSET_MINUTES = 14 * 60;

const count = () => z.int().min(0);

export const usageQuery = () =>
  z.strictObject({
    /** How many days back, today included. */
    days: queryInteger(1, MAX_USAGE_DAYS).default(30),
    /** Where a day begins: minutes that the caller's clock is ahead of UTC. */
    utcOffsetMinutes: z
      .string()
      .regex(/^-?\d{1,3}$/, 'must be a whole number of minutes')
      .transform(Number)
      .pipe(z.int().min(-MAX_OFFSET_MINUTES).max(MAX_OFFSET_MINUTES))
      .default(0),
  });

const amounts = () => ({
  turns: count(),
  inputTokens: count(),
  outputTokens: count(),
  /** Parts of the input tokens. */
  cacheReadTokens: count(),
  cacheWriteTokens: count(),
  /** US dollars, as far as prices are known. */
  costUsd: z.number().min(0),
  /** Turns whose cost is not known: no price, or the provider did not count. */
  unpricedTurns: count(),
});

export const usageResponse = () =>
  z.strictObject({
    status: okStatus(),
    total: z.strictObject(amounts()),
    /** Every day, oldest first; those without turns too. */
    days: z.array(z.strictObject({ date: z.iso.date(), models: z.array(z.strictObject({ model: z.string(), ...amounts() })) })),
    /** The dearest first. */
    models: z.array(z.strictObject({ model: z.string(), ...amounts() })),
    /** The dearest first, 50 at most; deleted ones are not listed. */
    sessions: z.array(z.strictObject({ key: z.string(), title: z.string(), channel: z.string(), ...amounts() })),
  });
