/**
 * Computes when a job fires from its schedule alone, without timers or a clock.
 * Daylight saving follows croner: a fixed time in the gap fires right after the gap; a time that occurs twice fires the first time;
 * intervals (`*`, lists, steps) skip the gap and fire in both passes of the repeated hour.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Cron } from 'croner';
import type { ActiveHours } from '../../../shared/text/active-hours.js';
import { GatewayError } from '../../../shared/errors.js';
import { reason, type Reason, say } from '../../../shared/text/reasons.js';
import type { CronJob } from '../store/cron/cron-jobs.js';
import { NOT_PLANNED } from '../store/cron/tables.js';
import { withinHours } from './active-hours.js';
import { resolveTimeZone, toZonedIso } from './time-zone.js';

export interface Schedule {
  readonly kind: 'cron' | 'every' | 'at';
  /** The first time after `afterMs`; null when there is none. */
  next(afterMs: number): number | null;
  /** The last time at or before `atMs` and not before `fromMs`; null when there is none. */
  last(fromMs: number, atMs: number): number | null;
  /** Whether it may fire then, if that depends on its active hours. */
  isActive?(atMs: number): boolean;
  /** Whether the run was moved to this time, because daylight saving skips the time that the schedule names. Default: never. */
  isMoved?(atMs: number): boolean;
  /** With active hours: the first time after `afterMs`, or one before it that is outside of them. */
  look?(afterMs: number): number | null;
}

export interface ScheduleSource {
  /** `0 9 * * 1-5` (or six fields, seconds first), `@daily`, `every 1h30m`, `at 2026-03-01T09:00` (in the time zone, unless it names one). */
  readonly schedule: string;
  /** An IANA name, or `system`. */
  readonly timezone: string;
  /** `every` counts from this time. */
  readonly anchorMs: number;
  /** Times outside of them are skipped. Default: any time. */
  readonly activeHours?: ActiveHours | null;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DURATION = /^(?:\d{1,9}[smhdw])+$/;
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?$/;
const ZONED_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const MAX_INTERVAL_MS = 366 * 86_400_000;
const MAX_LENGTH = 200;
/** Later times are not planned: date arithmetic ends there. */
const MAX_INSTANT_MS = Date.UTC(9_999, 11, 31);

function invalidSchedule(schedule: string, why: Reason): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `schedule '${schedule.slice(0, MAX_LENGTH)}' ${say(why)}`,
    details: { field: 'schedule', ...why },
    hint: "Write five cron fields (minute hour day month weekday) or six (seconds first), 'every 10m', or 'at 2026-03-01T09:00'.",
  });
}

/** Returns an interval such as `1h30m` in ms; undefined for any other text. */
export function parseInterval(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  return (text.match(/\d+[smhdw]/g) ?? []).reduce((sum, part) => sum + Number(part.slice(0, -1)) * (UNIT_MS[part.slice(-1)] ?? 0), 0);
}

function everySchedule(schedule: string, text: string, anchorMs: number): Schedule {
  const everyMs = parseInterval(text.replaceAll(/\s/g, '').toLowerCase());
  if (everyMs === undefined) throw invalidSchedule(schedule, reason('schedule-interval'));
  if (everyMs < 1_000 || everyMs > MAX_INTERVAL_MS) throw invalidSchedule(schedule, reason('schedule-interval-range'));
  const at = (step: number): number => anchorMs + step * everyMs;
  return {
    kind: 'every',
    // Also handles times before the anchor: the clock may have been ahead when the job was created.
    next: (afterMs) => at(Math.floor((afterMs - anchorMs) / everyMs) + 1),
    last(fromMs, atMs) {
      const lastMs = at(Math.floor((atMs - anchorMs) / everyMs));
      return lastMs >= fromMs ? lastMs : null;
    },
  };
}

interface Instant {
  readonly instantMs: number;
  readonly isMoved: boolean;
}

/** Whether a local date and time exist: `Date` would turn February 30 into a day in March. */
function isRealTime(local: string): boolean {
  const plain = Date.parse(`${local}Z`);
  return !Number.isNaN(plain) && new Date(plain).toISOString().startsWith(local);
}

function readInstant(schedule: string, text: string, timezone: string): Instant {
  if (ZONED_TIME.test(text)) {
    const instantMs = Date.parse(text);
    if (!Number.isNaN(instantMs) && isRealTime(text.slice(0, 'YYYY-MM-DDTHH:MM'.length))) return { instantMs, isMoved: false };
  } else if (LOCAL_TIME.test(text)) {
    const local = text.length === 10 ? `${text}T00:00:00` : text.replace(' ', 'T');
    const seconds = local.length === 16 ? `${local}:00` : local;
    if (isRealTime(seconds)) {
      const instantMs = new Cron(seconds, { timezone, paused: true }).getOnce()?.getTime();
      if (instantMs !== undefined) return { instantMs, isMoved: !toZonedIso(timezone, instantMs).startsWith(seconds) };
    }
  }
  throw invalidSchedule(schedule, reason('schedule-time'));
}

function atSchedule({ instantMs, isMoved }: Instant): Schedule {
  return {
    kind: 'at',
    next: (afterMs) => (instantMs > afterMs ? instantMs : null),
    last: (fromMs, atMs) => (instantMs >= fromMs && instantMs <= atMs ? instantMs : null),
    isMoved: () => isMoved,
  };
}

const FIELDS = ['second', 'minute', 'hour', 'day', 'month', 'weekday'] as const;

/** @param field  the field's name in croner */
function nameOfField(field: string): Reason | string {
  const known = FIELDS.find((name) => name === (field === 'dayOfWeek' ? 'weekday' : field));
  return known === undefined ? field : reason(`field-${known}`);
}

/** Returns the problem of an expression that croner refused. */
function cronFault(error: unknown, text: string): Reason {
  const { length } = text.split(/\s+/);
  if (!text.startsWith('@') && length !== 5 && length !== 6) return reason('schedule-field-count', { count: length });
  const message = error instanceof Error ? error.message : '';
  const [, field, value] = /Invalid value for (\w+): (\S+)/.exec(message) ?? [];
  if (field !== undefined) return reason('schedule-field', { field: nameOfField(field), value: value ?? '' });
  const [, part] = /\('?([^')]+)'?\)|: '([^']+)'/.exec(message)?.filter((match) => match !== undefined) ?? [];
  return part === undefined || !text.includes(part) ? reason('schedule-invalid') : reason('schedule-part', { part });
}

function cronSchedule(schedule: string, timezone: string): Schedule {
  let cron: Cron;
  try {
    cron = new Cron(schedule, { timezone, paused: true, mode: '5-or-6-parts' });
  } catch (error) {
    throw invalidSchedule(schedule, cronFault(error, schedule));
  }
  return {
    kind: 'cron',
    next: (afterMs) => (afterMs >= MAX_INSTANT_MS ? null : (cron.nextRun(new Date(afterMs))?.getTime() ?? null)),
    last(fromMs, atMs) {
      // croner counts in whole seconds, and searches strictly before the given time.
      const [date] = cron.previousRuns(1, new Date(Math.floor(atMs / 1_000) * 1_000 + 1_000));
      const lastMs = date?.getTime();
      return lastMs !== undefined && lastMs >= fromMs && lastMs <= atMs ? lastMs : null;
    },
    isMoved: (atMs) => !cron.match(new Date(atMs)),
  };
}

/** @throws INVALID_REQUEST that names the field: `schedule` or `timezone` */
export function parseSchedule(source: ScheduleSource): Schedule {
  const zone = resolveTimeZone(source.timezone);
  const schedule = parseTimes(source, zone);
  return source.activeHours ? { kind: schedule.kind, ...withinHours(schedule, source.activeHours, zone) } : schedule;
}

function parseTimes({ schedule, anchorMs }: ScheduleSource, zone: string): Schedule {
  const text = schedule.trim();
  if (text === '' || schedule.length > MAX_LENGTH) throw invalidSchedule(schedule, reason('schedule-length', { max: MAX_LENGTH }));
  const [, word, rest = ''] = /^(every|at)\s+(.*)$/i.exec(text) ?? [];
  if (word?.toLowerCase() === 'every') return everySchedule(schedule, rest, anchorMs);
  if (word?.toLowerCase() === 'at') return atSchedule(readInstant(schedule, rest.trim(), zone));
  // croner would accept a date as an expression.
  if (/^\d{4}-/.test(text)) return atSchedule(readInstant(schedule, text, zone));
  return cronSchedule(text, zone);
}

/** Limits the search: a schedule may be in its active hours so rarely that the search would not end. */
const MAX_LOOKS = 800;
/** Date arithmetic is slow: this many steps take one or two milliseconds. */
const LOOKS_AT_ONCE = 8;

/**
 * Yields the times of a schedule, in order, and lets other work run in between. Ends after {@link MAX_LOOKS}, even if more follow.
 * @param options.firstMs  the first time. Default: the first one after `afterMs`
 */
export async function* timesFrom(
  schedule: Schedule,
  { afterMs, firstMs, untilMs = Infinity }: { readonly afterMs: number; readonly firstMs?: number | undefined; readonly untilMs?: number },
): AsyncGenerator<number, void, undefined> {
  const look = (ms: number): number | null => (schedule.look === undefined ? schedule.next(ms) : schedule.look(ms));
  let atMs = firstMs ?? look(afterMs);
  for (let looks = 1; atMs !== null && atMs <= untilMs && looks <= MAX_LOOKS; looks += 1) {
    if (schedule.isActive?.(atMs) !== false) yield atMs;
    if (looks % LOOKS_AT_ONCE === 0) await nextTurn();
    atMs = look(atMs);
  }
}

export function scheduleOf(job: Pick<CronJob, keyof ScheduleSource>): Schedule {
  return parseSchedule(job);
}

/** Returns the next time of a job; null also until the scheduler has planned it. */
export function nextOf({ nextAtMs }: CronJob): number | null {
  return nextAtMs === NOT_PLANNED ? null : nextAtMs;
}

/** Returns why a schedule has no next time. */
export function whyNever(source: ScheduleSource, nowMs: number): 'in-the-past' | 'never-fires' | 'never-active' {
  const always = parseSchedule({ ...source, activeHours: null });
  if (source.activeHours && always.next(nowMs) !== null) return 'never-active';
  return always.kind === 'at' ? 'in-the-past' : 'never-fires';
}

/**
 * Returns the first time of a new schedule.
 * @throws INVALID_REQUEST for an `at` in the past, and for an expression that never fires, or never in its active hours
 */
export function firstInstant(schedule: Schedule, source: ScheduleSource, nowMs: number): number {
  const nextMs = schedule.next(nowMs);
  if (nextMs !== null) return nextMs;
  throw invalidSchedule(source.schedule, reason(`schedule-${whyNever(source, nowMs)}`));
}
