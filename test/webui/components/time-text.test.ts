import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../webui/src/components/time-text/time-text.js';
const { relativeTime, fieldTime, fullTime, timeOfField } = (await import(source)) as {
  fieldTime: (atMs: number, isUtc?: boolean) => string;
  fullTime: (atMs: number) => string;
  timeOfField: (value: string, isUtc: boolean) => Date;
  relativeTime: (atMs: number, nowMs: number, options?: { timeZone: string }) => string;
};

const at = (day: number, hour: number): number => new Date(2026, 10, day, hour, 30).getTime();

test.each([
  ['tomorrow', at(28, 4), at(29, 18)],
  ['in 2 days', at(28, 4), at(30, 7)],
  ['in 2 days', at(28, 23), at(30, 0)],
  ['in 23 hours', at(28, 4), at(29, 3)],
  ['yesterday', at(28, 18), at(27, 4)],
  ['2 days ago', at(28, 4), at(26, 18)],
])('days are those of the calendar: %s', (expected, nowMs, atMs) => {
  expect(relativeTime(atMs, nowMs)).toBe(expected);
});

test.each([
  ['tomorrow', 'Pacific/Kiritimati'],
  ['in 2 days', 'America/New_York'],
])('days are those of a zone: %s in %s', (expected, timeZone) => {
  expect(relativeTime(Date.UTC(2026, 10, 30, 6), Date.UTC(2026, 10, 28, 20), { timeZone: 'UTC' })).toBe('in 2 days');
  expect(relativeTime(Date.UTC(2026, 10, 30, 6), Date.UTC(2026, 10, 29, 4), { timeZone })).toBe(expected);
});

test.each([
  [false, '2026-11-25T03:05:30'],
  [true, '2026-11-24T18:05:30'],
])("a field has its time in the browser's zone, or in UTC: %s", (isUtc, value) => {
  vi.stubEnv('TZ', 'Asia/Tokyo');
  const atMs = Date.UTC(2026, 10, 24, 18, 5, 30);
  expect(fieldTime(atMs, isUtc)).toBe(value);
  expect(timeOfField(value, isUtc).getTime()).toBe(atMs);
  vi.unstubAllEnvs();
});

test.each([
  ['Asia/Tokyo', 'Nov 25, 2026, 03:05:30'],
  ['Europe/Berlin', 'Nov 24, 2026, 19:05:30'],
])('times are in the zone of the computer, also when it changes: %s', (zone, text) => {
  vi.stubEnv('TZ', zone);
  expect(fullTime(Date.UTC(2026, 10, 24, 18, 5, 30))).toBe(text);
  vi.unstubAllEnvs();
});
