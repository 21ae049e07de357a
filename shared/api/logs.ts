/** `GET /api/logs` and what belongs to it: the gateway's own log, newest last. Always need the token. */
import { z } from 'zod';
import { LOG_LEVELS } from '../log/level.js';
import { LOG_MODULES } from '../log/modules.js';
import { label, okStatus, queryInstant, queryInteger } from './fields.js';

const LEVEL_LIST = new RegExp(`^(?:${LOG_LEVELS.join('|')})(?:,(?:${LOG_LEVELS.join('|')}))*$`);

const which = () => ({
  level: z.enum(LOG_LEVELS).optional(),
  hide: z
    .string()
    .regex(LEVEL_LIST, `must be levels with commas between them, of ${LOG_LEVELS.join(', ')}`)
    .transform((list) => list.split(','))
    .optional(),
  q: label(200).optional(),
  search: label(500).optional(),
  regex: label(500).optional(),
});

const when = () => ({ since: queryInstant().optional(), until: queryInstant().optional() });

/** Query. `level` is the lowest shown; `since` and `until` are inclusive; `limit` is 1–1000. */
export const logsQuery = () =>
  z.strictObject({ ...which(), ...when(), limit: queryInteger(1, 1_000).optional(), cursor: label(1_024).optional() });

/** Query of `GET /api/logs/download`. */
export const logsDownloadQuery = () => z.strictObject({ ...which(), ...when() });

const entries = () => z.array(z.record(z.string(), z.unknown()));
/** With `regex`: for each entry the parts that match. */
const matches = () => z.array(z.array(z.string())).optional();

/** `nextCursor` leads to older entries; `end`, of a first page, is where `GET /api/logs/follow` goes on. */
export const logsResponse = () =>
  z.strictObject({
    status: okStatus(),
    entries: entries(),
    matches: matches(),
    nextCursor: z.string().nullable(),
    end: z.string().nullable(),
  });

/** Query of `GET /api/logs/follow`. `from` is the `end` of a page; without it, only what is written from now on. */
export const logsFollowQuery = () => z.strictObject({ ...which(), from: label(1_024).optional() });

const DAY_MS = 86_400_000;

/** Body of `PATCH /api/logs/level`. `null` goes back now: the module, or without one all that was changed. */
export const logLevelRequest = () =>
  z.strictObject({
    level: z.enum(LOG_LEVELS).nullable(),
    module: z.enum(LOG_MODULES).optional(),
    durationMs: z.int().min(1_000).max(DAY_MS).optional(),
  });

/** `until`: when `configured` holds again; null while it does. `modules`: those with a level of their own for a time. */
export const logLevelResponse = () =>
  z.strictObject({
    status: okStatus(),
    level: z.enum(LOG_LEVELS),
    configured: z.enum(LOG_LEVELS),
    until: z.iso.datetime().nullable(),
    modules: z.array(z.strictObject({ module: z.enum(LOG_MODULES), level: z.enum(LOG_LEVELS), until: z.iso.datetime() })),
  });

/** Events of `GET /api/logs/follow`, by name: their `data`. */
export const logEvents = () => ({
  lines: z.strictObject({ entries: entries(), matches: matches() }),
  /** Lines are missing: their files were rotated away, or emptied, before they could be read. Read anew what is shown. */
  gap: z.strictObject({ reason: z.enum(['rotated', 'truncated']) }),
});
