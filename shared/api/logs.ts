/** `GET /api/logs` and `/api/logs/follow`: the gateway's own log, newest last. Always need the token. */
import { z } from 'zod';
import { LOG_LEVELS } from '../log/level.js';
import { label, okStatus, queryInstant, queryInteger } from './fields.js';

/** Query. `level` is the lowest shown; `since` and `until` are inclusive; `limit` is 1–1000. */
export const logsQuery = () =>
  z.strictObject({
    level: z.enum(LOG_LEVELS).optional(),
    since: queryInstant().optional(),
    until: queryInstant().optional(),
    q: label(200).optional(),
    limit: queryInteger(1, 1_000).optional(),
    cursor: label(1_024).optional(),
  });

const entries = () => z.array(z.record(z.string(), z.unknown()));

/** `nextCursor` leads to older entries; `end`, of a first page, is where `GET /api/logs/follow` goes on. */
export const logsResponse = () =>
  z.strictObject({ status: okStatus(), entries: entries(), nextCursor: z.string().nullable(), end: z.string().nullable() });

/** Query of `GET /api/logs/follow`. `from` is the `end` of a page; without it, only what is written from now on. */
export const logsFollowQuery = () =>
  z.strictObject({ level: z.enum(LOG_LEVELS).optional(), q: label(200).optional(), from: label(1_024).optional() });

/** Events of `GET /api/logs/follow`, by name: their `data`. */
export const logEvents = () => ({
  lines: z.strictObject({ entries: entries() }),
  /** Lines are missing: their files were rotated away, or emptied, before they could be read. Read anew what is shown. */
  gap: z.strictObject({ reason: z.enum(['rotated', 'truncated']) }),
});
