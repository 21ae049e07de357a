import { expect, test } from 'vitest';
import { firstInstant, parseSchedule } from '../../../../daemon/worker/cron/schedule.js';
import * as cronWords from '../../../../daemon/worker/lazy/late.js';
import { previewSchedule, wordsOf } from '../../../../daemon/worker/cron/preview.js';
import { backoffMs, decideRetry, defaultGraceMs } from '../../../../daemon/worker/cron/policy.js';

const at = (text: string): number => Date.parse(text);
const source = (schedule: string, timezone = 'UTC', anchor = '2026-01-01T00:00:00Z') => ({ schedule, timezone, anchorMs: at(anchor) });

function nextOf(text: string, zone: string, { after, count }: { after: string; count: number }): string[] {
  const schedule = parseSchedule(source(text, zone));
  const times: string[] = [];
  for (let ms = schedule.next(at(after)); ms !== null && times.length < count; ms = schedule.next(ms))
    times.push(new Date(ms).toISOString().slice(0, 16));
  return times;
}

test.each([
  // The hour that is skipped: fixed times right behind it, intervals not at all.
  ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-29T01:00', '2026-03-30T00:30']],
  ['30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', ['2026-03-08T07:00', '2026-03-09T06:30']],
  ['30 2 * * *', 'Australia/Sydney', '2026-10-03T00:00:00Z', ['2026-10-03T16:00', '2026-10-04T15:30']],
  ['*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:29:00Z', ['2026-03-29T00:30', '2026-03-29T01:00']],
  // The hour that comes twice: fixed times at the first, intervals in both.
  ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
  ['30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', ['2026-11-01T05:30', '2026-11-02T06:30']],
  ['30 2 * * *', 'Australia/Sydney', '2026-04-04T00:00:00Z', ['2026-04-04T15:30', '2026-04-05T16:30']],
  ['0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
  ['30 0 9 * * MON', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-05T09:00', '2026-01-12T09:00']],
  ['every 90m', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-01T01:30', '2026-01-01T03:00']],
  ['at 2026-07-01T09:00', 'Europe/Berlin', '2026-01-01T00:00:00Z', ['2026-07-01T07:00']],
])('%s in %s after %s', (...[text, zone, after, expected]) => {
  expect(nextOf(text, zone, { after, count: expected.length + (text.startsWith('at') ? 1 : 0) })).toEqual(expected);
});

test.each(['30 2 * * *', '*/20 * * * *', '0 */5 1-3 * * *', 'every 7m', '15 3 * * SUN'])(
  'the last time of %s is the one before the next',
  (text) => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      const schedule = parseSchedule(source(text, zone, '2026-03-01T00:00:00Z'));
      for (const start of [
        '2026-03-07T22:00:00Z',
        '2026-03-28T20:00:00Z',
        '2026-10-24T20:00:00Z',
        '2026-11-01T02:00:00Z',
        '2026-04-04T12:00:00Z',
      ]) {
        for (let ms = schedule.next(at(start)), count = 0; ms !== null && count < 40; count += 1) {
          const next = schedule.next(ms);
          expect(schedule.last(0, ms + 500)).toBe(ms);
          expect(next).toBeGreaterThan(ms);
          if (next !== null) expect(schedule.last(0, next - 1)).toBe(ms);
          ms = next;
        }
      }
    }
  },
);

test.each([
  ['61 * * * *', 'UTC', 'schedule', 'has an invalid minute: 61'],
  ['nonsense', 'UTC', 'schedule', 'has 1 fields; a cron expression has five or six'],
  ['', 'UTC', 'schedule', 'must have 1 to 200 characters'],
  ['* * * * * * 2027', 'UTC', 'schedule', 'has 7 fields'],
  ['0 9 * * 9', 'UTC', 'schedule', 'has an invalid weekday: 9'],
  ['0 5-1 * * *', 'UTC', 'schedule', "has an invalid part '5-1'"],
  ['*/0 * * * *', 'UTC', 'schedule', 'is not a valid cron expression'],
  ['1/x * * * *', 'UTC', 'schedule', "has an invalid part '1/x'"],
  ['@reboot', 'UTC', 'schedule', 'is not a valid cron expression'],
  ['every 0s', 'UTC', 'schedule', 'must be between 1 second and 366 days'],
  ['every soon', 'UTC', 'schedule', 'needs an interval'],
  ['at 2026-02-30T09:00', 'UTC', 'schedule', "needs a time after 'at'"],
  ['at 2027-02-30T09:00Z', 'UTC', 'schedule', "needs a time after 'at'"],
  ['at 2027-02-29T09:00:30+02:00', 'UTC', 'schedule', "needs a time after 'at'"],
  ['at 2027-02-28T24:00Z', 'UTC', 'schedule', "needs a time after 'at'"],
  ['at yesterday', 'UTC', 'schedule', "needs a time after 'at'"],
  ['at 2025-12-31T09:00', 'UTC', 'schedule', 'is in the past'],
  ['0 0 30 2 *', 'UTC', 'schedule', 'never fires'],
  ['0 9 * * *', 'Mars/Olympus', 'timezone', 'invalid timezone'],
])('%j in %s is refused, and the field %s is named', (...[text, zone, field, message]) => {
  const given = source(text, zone);
  expect(() => firstInstant(parseSchedule(given), given, given.anchorMs)).toThrow(
    expect.objectContaining({
      code: 'INVALID_REQUEST',
      details: expect.objectContaining({ field, code: expect.any(String) as string }) as object,
      message: expect.stringContaining(message) as string,
    }),
  );
});

test('a preview says in words what a schedule is, and what daylight saving does to it', async () => {
  const options = { nowMs: at('2026-03-28T12:00:00Z'), count: 2, loadWords: () => cronWords };
  expect(await previewSchedule(source('30 2 * * *', 'Europe/Berlin'), options)).toEqual({
    timezone: 'Europe/Berlin',
    words: { en: 'At 02:30', zh: '每天 02:30' },
    warning: null,
    warningCode: null,
    runs: [
      { at: '2026-03-29T01:00:00.000Z', local: '2026-03-29T03:00:00+02:00', note: 'gap' },
      { at: '2026-03-30T00:30:00.000Z', local: '2026-03-30T02:30:00+02:00', note: null },
    ],
  });
  const twice = await previewSchedule(source('*/30 2 * * *', 'Europe/Berlin'), { ...options, nowMs: at('2026-10-24T23:00:00Z'), count: 5 });
  expect(twice.runs.map(({ note }) => note)).toEqual(['repeated', 'repeated', 'repeated-again', 'repeated-again', null]);
  expect(await previewSchedule(source('0 0 30 2 *'), options)).toMatchObject({
    warning: 'the schedule never fires',
    warningCode: 'never-fires',
    runs: [],
  });
});

test.each([
  ['0 3 28 3 *', '2027-03-28T03:00:00+02:00', null],
  ['0 */1 * * *', '2027-03-28T03:00:00+02:00', null],
  ['30 2 * * *', '2027-03-28T03:00:00+02:00', 'gap'],
  ['at 2027-03-28T03:00', '2027-03-28T03:00:00+02:00', null],
  ['at 2027-03-28T02:30', '2027-03-28T03:30:00+02:00', 'gap'],
  ['at 2027-03-28T01:00Z', '2027-03-28T03:00:00+02:00', null],
  ['every 1h', '2027-03-28T03:00:00+02:00', null],
])('only a time that does not exist is moved: %s', async (schedule, local, note) => {
  const options = { nowMs: at('2027-03-28T00:59:30Z'), count: 1, loadWords: () => cronWords };
  const { runs } = await previewSchedule(source(schedule, 'Europe/Berlin'), options);
  expect(runs).toMatchObject([{ local, note }]);
});

test.each([
  ['every 1h', 'Every hour', '每 1 小时'],
  ['every 1h 30M', 'Every 1 hour 30 minutes', '每 1 小时 30 分钟'],
  ['every 45m', 'Every 45 minutes', '每 45 分钟'],
  ['0 9 * * 1-5', 'At 09:00, Monday through Friday', '工作日 09:00'],
  ['0 8 * * *', 'At 08:00', '每天 08:00'],
  ['0 22 * * 0', 'At 22:00, only on Sunday', '每周日 22:00'],
  ['5 9 1 * *', 'At 09:05, on day 1 of the month', '每月 1 日 09:05'],
  ['0 9 * * 1-3', 'At 09:00, Monday through Wednesday', '在09:00，星期一至星期三'],
  ['at 2026-03-01T09:00', 'Once, at 2026-03-01 09:00', '仅一次，2026-03-01 09:00'],
])('%j in words: %s', (schedule, en, zh) => {
  expect(wordsOf({ schedule: schedule }, () => cronWords)).toEqual({ en, zh });
});

test('waits between failures grow to an hour, and the grace to two', () => {
  expect([1, 2, 3, 4, 5, 6, 99].map(backoffMs)).toEqual([30_000, 60_000, 300_000, 900_000, 3_600_000, 3_600_000, 3_600_000]);
  const grace = (text: string): number => defaultGraceMs(parseSchedule(source(text)), at('2026-01-01T00:00:00Z'));
  expect(['* * * * *', '*/10 * * * *', '0 9 * * *', 'at 2026-05-01'].map(grace)).toEqual([120_000, 300_000, 7_200_000, 86_400_000]);
});

test('a retry waits as long as the failure asks, but for no longer than an hour', () => {
  const retry = (waitMs?: number, attempt = 1): number | null =>
    decideRetry({ job: { retries: 3, failures: 1 }, attempt, isRetryable: true, waitMs, nowMs: 1_000 });
  expect([retry(), retry(45_000), retry(3_600_000), retry(3_601_000), retry(0, 4)]).toEqual([31_000, 46_000, 3_601_000, null, null]);
});
