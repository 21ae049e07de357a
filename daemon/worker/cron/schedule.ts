/**
 * Schedules: when a job fires, computed from the schedule alone. Nothing here waits or looks at a clock.
 * Daylight saving follows croner: a fixed time in the gap fires right after it, one that comes twice fires at the first;
 * intervals (`*`, lists, steps) skip the gap and fire in both passes of the repeated hour.
 */
import { Cron } from 'croner';
import { GatewayError } from '../../../shared/errors.js';
import { resolveTimeZone } from './time-zone.js';

export interface Schedule {
  readonly kind: 'cron' | 'every' | 'at';
  /** The first time after `afterMs`; null when there is none. */
  next(afterMs: number): number | null;
  /** The last time at or before `atMs` and not before `fromMs`; null when there is none. */
  last(fromMs: number, atMs: number): number | null;
}

export interface ScheduleSource {
  /** `0 9 * * 1-5` (or six fields, seconds first), `@daily`, `every 1h30m`, `at 2026-03-01T09:00` (in the time zone, unless it names one). */
  readonly schedule: string;
  /** An IANA name, or `system`. */
  readonly timezone: string;
  /** What `every` counts from. */
  readonly anchorMs: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DURATION = /^(?:\d{1,9}[smhdw])+$/;
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?$/;
const ZONED_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const MAX_INTERVAL_MS = 366 * 86_400_000;
const MAX_LENGTH = 200;
/** The last second that is worth planning for; beyond it, arithmetic of dates ends. */
const MAX_INSTANT_MS = Date.UTC(9_999, 11, 31);

function wrong(schedule: string, why: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `schedule '${schedule.slice(0, MAX_LENGTH)}' ${why}`,
    details: { field: 'schedule' },
    hint: "Write five cron fields (minute hour day month weekday) or six (seconds first), 'every 10m', or 'at 2026-03-01T09:00'.",
  });
}

/** `1h30m` in ms; undefined when it is none. */
export function parseInterval(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  return (text.match(/\d+[smhdw]/g) ?? []).reduce((sum, part) => sum + Number(part.slice(0, -1)) * (UNIT_MS[part.slice(-1)] ?? 0), 0);
}

function everySchedule(schedule: string, text: string, anchorMs: number): Schedule {
  const everyMs = parseInterval(text.replaceAll(/\s/g, '').toLowerCase());
  if (everyMs === undefined) throw wrong(schedule, "has no interval after 'every'; units are s, m, h, d and w, as in 1h30m");
  if (everyMs < 1_000 || everyMs > MAX_INTERVAL_MS) throw wrong(schedule, 'must be between 1 second and 366 days');
  const at = (step: number): number => anchorMs + step * everyMs;
  return {
    kind: 'every',
    next: (afterMs) => at(Math.max(1, Math.floor((afterMs - anchorMs) / everyMs) + 1)),
    last(fromMs, atMs) {
      const step = Math.floor((atMs - anchorMs) / everyMs);
      return step >= 1 && at(step) >= fromMs ? at(step) : null;
    },
  };
}

function readInstant(schedule: string, text: string, timezone: string): number {
  if (ZONED_TIME.test(text)) {
    const instantMs = Date.parse(text);
    if (!Number.isNaN(instantMs)) return instantMs;
  } else if (LOCAL_TIME.test(text)) {
    const local = text.length === 10 ? `${text}T00:00:00` : text.replace(' ', 'T');
    const seconds = local.length === 16 ? `${local}:00` : local;
    // The wall time must exist on the calendar: otherwise a February 30 becomes a day in March.
    const plain = Date.parse(`${seconds}Z`);
    if (!Number.isNaN(plain) && new Date(plain).toISOString().startsWith(seconds)) {
      const instant = new Cron(seconds, { timezone, paused: true }).getOnce();
      if (instant !== null) return instant.getTime();
    }
  }
  throw wrong(schedule, "has no time after 'at'; write e.g. at 2026-03-01T09:00, or with a zone at 2026-03-01T09:00:00Z");
}

function atSchedule(instantMs: number): Schedule {
  return {
    kind: 'at',
    next: (afterMs) => (instantMs > afterMs ? instantMs : null),
    last: (fromMs, atMs) => (instantMs >= fromMs && instantMs <= atMs ? instantMs : null),
  };
}

function cronSchedule(schedule: string, timezone: string): Schedule {
  let cron: Cron;
  try {
    cron = new Cron(schedule, { timezone, paused: true, mode: '5-or-6-parts' });
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '');
    throw wrong(schedule, `is no cron expression: ${why}`);
  }
  return {
    kind: 'cron',
    next: (afterMs) => (afterMs >= MAX_INSTANT_MS ? null : (cron.nextRun(new Date(afterMs))?.getTime() ?? null)),
    last(fromMs, atMs) {
      // It counts in whole seconds and looks strictly before what it is given.
      const [date] = cron.previousRuns(1, new Date(Math.floor(atMs / 1_000) * 1_000 + 1_000));
      const lastMs = date?.getTime();
      return lastMs !== undefined && lastMs >= fromMs && lastMs <= atMs ? lastMs : null;
    },
  };
}

/** @throws INVALID_REQUEST that names the field: `schedule` or `timezone` */
export function parseSchedule({ schedule, timezone, anchorMs }: ScheduleSource): Schedule {
  const zone = resolveTimeZone(timezone);
  const text = schedule.trim();
  if (text === '' || schedule.length > MAX_LENGTH) throw wrong(schedule, `must have 1 to ${MAX_LENGTH} characters`);
  const [, word, rest = ''] = /^(every|at)\s+(.*)$/i.exec(text) ?? [];
  if (word?.toLowerCase() === 'every') return everySchedule(schedule, rest, anchorMs);
  if (word?.toLowerCase() === 'at') return atSchedule(readInstant(schedule, rest.trim(), zone));
  // An expression is never a date: croner would read one as such.
  if (/^\d{4}-/.test(text)) return atSchedule(readInstant(schedule, text, zone));
  return cronSchedule(text, zone);
}

/** The first time of a new schedule. @throws INVALID_REQUEST for an `at` that is past, and for an expression that never fires */
export function firstInstant(schedule: Schedule, source: ScheduleSource, nowMs: number): number {
  const nextMs = schedule.next(nowMs);
  if (nextMs !== null) return nextMs;
  throw wrong(source.schedule, schedule.kind === 'at' ? 'is in the past' : 'never fires');
}
