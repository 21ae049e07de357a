import { expect, test } from 'vitest';
import { formatDays, parseDays, readActiveHours } from '../../../shared/text/active-hours.js';

test.each([
  ['mon-fri', [1, 2, 3, 4, 5], 'mon-fri'],
  ['Sat,sun', [6, 7], 'sat,sun'],
  ['fri-mon', [1, 5, 6, 7], 'mon,fri-sun'],
  ['1, 3-4', [1, 3, 4], 'mon,wed,thu'],
  ['7', [7], 'sun'],
])('the days %j are %j', (text, days, formatted) => {
  expect(parseDays(text)).toEqual(days);
  expect(formatDays(days)).toBe(formatted);
  expect(parseDays(formatted)).toEqual(days);
});

test.each(['', 'mon-', 'day', '0', '8', 'mon-tue-wed', 'mo', ',mon', 'mon fri'])('%j names no days', (text) => {
  expect(parseDays(text)).toBe(undefined);
  expect(readActiveHours(undefined, text)).toBe(undefined);
});

test('hours are read with days, without, and the other way round', () => {
  expect(readActiveHours('08:00-22:00', undefined)).toEqual({ from: '08:00', to: '22:00' });
  expect(readActiveHours('22:00-24:00', 'mon')).toEqual({ from: '22:00', to: '00:00', days: [1] });
  expect(readActiveHours(undefined, 'mon')).toEqual({ from: '00:00', to: '00:00', days: [1] });
  for (const span of ['', '8-22', '08:00', '08:00-25:00', '24:00-08:00', '08:60-09:00'])
    expect(readActiveHours(span, undefined)).toBe(undefined);
});
