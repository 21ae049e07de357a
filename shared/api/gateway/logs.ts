/** `/api/logs`: the gateway's log, newest last. Always needs the token. */
import * as z from 'zod';
import { DAY_MS } from '../../clock.js';
import { LOG_LEVELS } from '../../log/level.js';
import { LOG_MODULES } from '../../log/modules.js';
import { label, okStatus, queryInstant, queryInteger, type Answer, count } from '../fields.js';

const words = () => ({ q: label(200).optional(), search: label(500).optional(), regex: label(500).optional() });

/** `level` is the lowest level that is shown. */
const which = () => ({ level: z.enum(LOG_LEVELS).optional(), ...words() });

const when = () => ({ since: queryInstant().optional(), until: queryInstant().optional() });

/** Query of `GET /api/logs`. `since` and `until` are inclusive; `limit` defaults to 100. All conditions must hold. */
export const logsQuery = () =>
  z.strictObject({ ...which(), ...when(), limit: queryInteger(1, 1_000).optional(), cursor: label(1_024).optional() });

/** Query of `GET /api/logs/counts`. `to` is the `end` of a page: later entries are not counted. */
export const logsCountsQuery = () => z.strictObject({ ...words(), ...when(), to: label(1_024).optional() });

/** Entries by level; `other` have none. `complete`: false when older entries were not counted, because the log is too large. */
export const logsCountsResponse = () =>
  z.strictObject({
    status: okStatus(),
    counts: z.strictObject({
      fatal: count(),
      error: count(),
      warn: count(),
      info: count(),
      debug: count(),
      trace: count(),
      other: count(),
    }),
    complete: z.boolean(),
  });

/** Query of `GET /api/logs/download`. */
export const logsDownloadQuery = () => z.strictObject({ ...which(), ...when() });

const entries = () => z.array(z.record(z.string(), z.unknown()));
/** With `regex`: the matching parts of each entry. */
const matches = () => z.array(z.array(z.string())).optional();

/** `nextCursor` leads to older entries. `end` of a first page is where `GET /api/logs/follow` continues. */
export const logsResponse = () =>
  z.strictObject({
    status: okStatus(),
    entries: entries(),
    matches: matches(),
    nextCursor: z.string().nullable(),
    end: z.string().nullable(),
  });

/** Query of `GET /api/logs/follow`. `from` is the `end` of a page. Default: only lines written from now on. */
export const logsFollowQuery = () => z.strictObject({ ...which(), from: label(1_024).optional() });

/**
 * Body of `PATCH /api/logs/level`. `null` restores the configured level of the module, or of everything if no module is given.
 * `durationMs` defaults to 15 minutes.
 */
export const logLevelRequest = () =>
  z.strictObject({
    level: z.enum(LOG_LEVELS).nullable(),
    module: z.enum(LOG_MODULES).optional(),
    durationMs: z.int().min(1_000).max(DAY_MS).optional(),
  });

/**
 * `until`: when `configured` applies again; null while it does. `modules`: modules with a temporary level of their own. `kept`: false when the
 * levels could not be stored, so that they apply only until the next restart.
 */
export const logLevelResponse = () =>
  z.strictObject({
    status: okStatus(),
    level: z.enum(LOG_LEVELS),
    configured: z.enum(LOG_LEVELS),
    until: z.iso.datetime().nullable(),
    modules: z.array(z.strictObject({ module: z.enum(LOG_MODULES), level: z.enum(LOG_LEVELS), until: z.iso.datetime() })),
    kept: z.literal(false).optional(),
  });

/** Events of `GET /api/logs/follow`: name → `data`. */
export const logEvents = () => ({
  lines: z.strictObject({ entries: entries(), matches: matches() }),
  /** Lines are missing: rotation removed their files, or the files were truncated, before they were read. Read the log again. */
  gap: z.strictObject({ reason: z.enum(['rotated', 'truncated']) }),
});

type Events = ReturnType<typeof logEvents>;

/** Times are epoch milliseconds. */
export type LogQuery = z.output<ReturnType<typeof logsQuery>>;
export type LogCountsQuery = z.output<ReturnType<typeof logsCountsQuery>>;
export type LogDownloadQuery = z.output<ReturnType<typeof logsDownloadQuery>>;
export type LogFollowQuery = z.output<ReturnType<typeof logsFollowQuery>>;
export type LogPage = Answer<typeof logsResponse>;
export type LogCounts = Answer<typeof logsCountsResponse>;
export type LogEvent = { [Name in keyof Events]: { readonly type: Name } & z.output<Events[Name]> }[keyof Events];
export type LogLevelState = Answer<typeof logLevelResponse>;
export type LogLevelChange = z.output<ReturnType<typeof logLevelRequest>>;
