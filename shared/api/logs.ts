/** `GET /api/logs`: the gateway's own log, newest last. Always needs the token. */
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

export const logsResponse = () =>
  z.strictObject({ status: okStatus(), entries: z.array(z.record(z.string(), z.unknown())), nextCursor: z.string().nullable() });
