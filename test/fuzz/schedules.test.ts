import fc from 'fast-check';
import { expect, test } from 'vitest';
import { previewSchedule } from '../../daemon/worker/cron/preview.js';
import { parseInterval, parseSchedule } from '../../daemon/worker/cron/schedule.js';
import { toZonedIso } from '../../daemon/worker/cron/time-zone.js';
import * as cronWords from '../../daemon/worker/lazy/late.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/clock.js';
import { GatewayError } from '../../shared/errors.js';
import { fuzz } from './fuzz.js';
import { oddText } from './values.js';
import { cpuMs } from '../helpers/cpu-time.js';

const ZONES = [
  'UTC', 'Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Asia/Tehran', 'Pacific/Apia',
  'Pacific/Chatham', 'Africa/Casablanca', 'America/St_Johns', 'Antarctica/Troll', 'Europe/Dublin', 'Asia/Gaza',
]; // prettier-ignore
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];

/** A field of an expression, with the values that it stands for. */
interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_none, index) => from + index * step);

function fieldOf(min: number, max: number, names: readonly string[] = []): fc.Arbitrary<Field> {
  const number = fc.integer({ min, max });
  const pair = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const written = (value: number, isNamed: boolean): string => (isNamed ? (names[value] ?? String(value)) : String(value));
  const part = fc.oneof(
    fc.tuple(number, fc.boolean()).map(([value, isNamed]) => ({ text: written(value, isNamed), list: [value] })),
    pair.map(([from, to]) => ({ text: `${from}-${to}`, list: range(from, to) })),
    fc
      .tuple(pair, fc.integer({ min: 1, max: max - min }))
      .map(([[from, to], step]) => ({ text: `${from}-${to}/${step}`, list: range(from, to, step) })),
    fc.integer({ min: 1, max: max - min }).map((step) => ({ text: `*/${step}`, list: range(min, max, step) })),
  );
  const list = fc
    .array(part, { minLength: 1, maxLength: 3 })
    .map((parts) => ({ text: parts.map(({ text }) => text).join(','), values: new Set(parts.flatMap((one) => one.list)) }));
  return fc.oneof(fc.constant({ text: '*', values: new Set(range(min, max)) }), list);
}

const expression = fc.record({
  minute: fieldOf(0, 59),
  hour: fieldOf(0, 23),
  day: fieldOf(1, 31),
  month: fieldOf(1, 12, ['', ...MONTHS]),
  weekday: fieldOf(0, 7, DAYS),
});
type Expression = typeof expression extends fc.Arbitrary<infer Value> ? Value : never;

const textOf = ({ minute, hour, day, month, weekday }: Expression): string =>
  [minute, hour, day, month, weekday].map(({ text }) => text).join(' ');

function matches({ minute, hour, day, month, weekday }: Expression, wall: Date): boolean {
  if (!minute.values.has(wall.getUTCMinutes()) || !hour.values.has(wall.getUTCHours()) || !month.values.has(wall.getUTCMonth() + 1))
    return false;
  const isDay = day.values.has(wall.getUTCDate());
  const isWeekday = weekday.values.has(wall.getUTCDay()) || (wall.getUTCDay() === 0 && weekday.values.has(7));
  // As in every cron: where both are restricted, either is enough.
  return day.text !== '*' && weekday.text !== '*' ? isDay || isWeekday : isDay && isWeekday;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The offset of a zone, in ms, by a way of its own. */
function offsetAt(timeZone: string, atMs: number): number {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS);
}

const QUARTER_MS = 15 * MINUTE_MS;

/** All times in a span, found by looking at each minute; without the hours around a change of the clock. */
function scan(
  expected: Expression,
  zone: string,
  span: { fromMs: number; untilMs: number },
): { times: number[]; isNearChange: (atMs: number) => boolean } {
  const times: number[] = [];
  const changes: number[] = [];
  let before: number | undefined;
  let isEven = false;
  for (let quarterMs = span.fromMs; quarterMs < span.untilMs; quarterMs += QUARTER_MS) {
    // Two changes of a zone are weeks apart: where a day's ends have the same offset, so has what is between.
    const isDayStart = (quarterMs - span.fromMs) % DAY_MS === 0;
    if (isDayStart) isEven = offsetAt(zone, quarterMs) === offsetAt(zone, quarterMs + DAY_MS);
    const offset = isEven && !isDayStart && before !== undefined ? before : offsetAt(zone, quarterMs);
    if (before !== undefined && before !== offset) changes.push(quarterMs);
    before = offset;
    for (let atMs = quarterMs; atMs < quarterMs + QUARTER_MS; atMs += MINUTE_MS)
      if (matches(expected, new Date(atMs + offset))) times.push(atMs);
  }
  return { times, isNearChange: (atMs) => changes.some((changeMs) => Math.abs(atMs - changeMs) <= 3 * HOUR_MS) };
}

/** Half of the spans are near the clock changes of March and October. */
const day = fc.oneof(
  fc.integer({ min: Date.UTC(2024, 0, 1) / DAY_MS, max: Date.UTC(2032, 0, 1) / DAY_MS }),
  fc
    .tuple(fc.integer({ min: 2024, max: 2031 }), fc.constantFrom(2, 9), fc.integer({ min: 5, max: 28 }))
    .map((date) => Date.UTC(...date) / DAY_MS),
);

test('a cron expression fires at the minutes that it names, and at no other', () =>
  fuzz(40, () =>
    fc.property(expression, fc.constantFrom(...ZONES), day, fc.integer({ min: 2, max: 6 }), (...[given, zone, startDay, days]) => {
      const span = { fromMs: startDay * DAY_MS, untilMs: (startDay + days) * DAY_MS };
      const { times, isNearChange } = scan(given, zone, span);
      const schedule = parseSchedule({ schedule: textOf(given), timezone: zone, anchorMs: 0 });
      const limit = 100;
      const found: number[] = [];
      let at = schedule.next(span.fromMs - 1);
      for (; at !== null && at < span.untilMs && found.length < limit; at = schedule.next(at)) {
        const last = found.at(-1);
        if (last !== undefined) expect(at).toBeGreaterThan(last);
        expect(schedule.last(at - 1, at)).toBe(at);
        found.push(at);
      }
      const endMs = found.length === limit ? (found.at(-1) ?? 0) : span.untilMs;
      const far = (list: readonly number[]): string[] =>
        list.filter((one) => one <= endMs && !isNearChange(one)).map((one) => toZonedIso(zone, one));
      expect(far(found)).toEqual(far(times));
    }),
  ));

test('an interval counts from its start, and a date is the moment that it names in its zone', () =>
  fuzz(300, () =>
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9_999 }), fc.constantFrom('s', 'm', 'h', 'd')), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      fc.constantFrom(...ZONES),
      (...[parts, anchorMs, afterMs, zone]) => {
        const text = parts.map((part) => part.join('')).join('');
        const everyMs = parseInterval(text) ?? Number.NaN;
        if (everyMs >= 1_000 && everyMs <= 366 * DAY_MS) {
          const schedule = parseSchedule({ schedule: `every ${text}`, timezone: zone, anchorMs });
          const next = schedule.next(afterMs) ?? Number.NaN;
          expect(next).toBeGreaterThan(afterMs);
          expect(Math.abs(next - anchorMs) % everyMs).toBe(0);
          expect(next - everyMs).toBeLessThanOrEqual(afterMs);
          expect(schedule.last(afterMs, next)).toBe(next);
        }
        const local = toZonedIso(zone, afterMs).slice(0, 19);
        const fired = parseSchedule({ schedule: `at ${local}`, timezone: zone, anchorMs }).next(-DAY_MS);
        expect(fired === null ? '' : toZonedIso(zone, fired).slice(0, 19)).toBe(local);
      },
    ),
  ));

const SLOW_MS = 2_000;

function mustBeRefusal(error: unknown): void {
  if (!(error instanceof GatewayError)) throw error;
  expect(error.code).toBe('INVALID_REQUEST');
  expect(error.message).not.toMatch(/CronPattern|croner|TypeError|Invalid time zone/);
}

const word = fc.oneof(
  fc.constantFrom(
    '*',
    '?',
    'L',
    'W',
    '#',
    '/',
    '-',
    ',',
    '0',
    '59',
    '31',
    '2',
    '30',
    '7',
    'MON',
    'FEB',
    'every',
    'at',
    '@daily',
    '@reboot',
    'LW',
    '15W',
    '5#3',
    '*/7',
  ),
  fc.constantFrom('2026-03-01', 'T09:00', '1h', '99999999w', '+', 'Z', '+25:00', '9999-12-31', '0000-01-01'),
  oddText(),
);
const anyText = fc
  .array(fc.tuple(word, fc.constantFrom(' ', ' ', '', '\t', '\u00a0')), { maxLength: 8 })
  .map((words) => words.map((pair) => pair.join('')).join(''));

test('any text is a schedule that moves forward, or is refused in words of the API', () =>
  fuzz(300, () =>
    fc.asyncProperty(
      anyText,
      fc.constantFrom(...ZONES, 'system', '', '__proto__', 'UTC+1', '+01:00'),
      fc.integer({ min: 0, max: 4e12 }),
      async (text, timezone, nowMs) => {
        const source = { schedule: text, timezone, anchorMs: nowMs };
        const read = (): void => {
          try {
            const schedule = parseSchedule(source);
            let at = schedule.next(nowMs);
            for (let count = 0; at !== null && count < 5; count += 1) {
              expect(Number.isSafeInteger(at)).toBe(true);
              const next = schedule.next(at);
              if (next !== null) expect(next).toBeGreaterThan(at);
              at = next;
            }
          } catch (error) {
            mustBeRefusal(error);
          }
        };
        expect(cpuMs(read)).toBeLessThan(SLOW_MS);
        await previewSchedule(source, { nowMs, count: 5, loadWords: () => cronWords }).catch(mustBeRefusal);
      },
    ),
  ));
