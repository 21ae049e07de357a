import { describe, expect, test } from 'vitest';
import { createLogFilter } from '../../../shared/log/filter.js';
import { isLogLevel, levelRank, LOG_LEVELS } from '../../../shared/log/level.js';
import { parseSince } from '../../../shared/log/since.js';

const line = (fields: object): string => JSON.stringify({ level: 'warn', time: '2026-03-01T12:00:00.000Z', msg: 'x', ...fields });
const atMs = Date.parse('2026-03-01T12:00:00.000Z');

describe('createLogFilter', () => {
  test.each([
    ['no limit takes all', {}, 'anything', 'take'],
    ['the level itself', { level: 'warn' }, line({}), 'take'],
    ['a higher level', { level: 'error' }, line({}), 'leave'],
    ['a numeric level of another writer', { level: 'warn' }, line({ level: 50 }), 'take'],
    ['an unknown level', { level: 'trace' }, line({ level: 'loud' }), 'leave'],
    ['no level', { level: 'trace' }, '{"msg":"x"}', 'leave'],
    ['the instant itself', { sinceMs: atMs, untilMs: atMs }, line({}), 'take'],
    ['before it', { sinceMs: atMs + 1 }, line({}), 'tooOld'],
    ['behind it', { untilMs: atMs - 1 }, line({}), 'leave'],
    ['a time in milliseconds', { sinceMs: atMs }, line({ time: atMs }), 'take'],
    ['no time', { sinceMs: 0 }, 'text', 'leave'],
    ['fields in another order', { level: 'warn', sinceMs: atMs }, '{"msg":"x","time":"2026-03-01T12:00:00.000Z","level":"error"}', 'take'],
    ['text', { q: 'HELLO "you"' }, line({ msg: 'well, hello "You"!' }), 'take'],
    ['text that is not there', { q: 'hello' }, line({}), 'leave'],
    ['text of a pattern is no pattern', { q: '.*' }, line({}), 'leave'],
  ] as const)('%s', (...[, filter, text, verdict]) => {
    expect(createLogFilter(filter)(text)).toBe(verdict);
  });
});

test('levels rank from trace to fatal', () => {
  const ranks = LOG_LEVELS.map((level) => levelRank(level));
  expect(ranks).toEqual([10, 20, 30, 40, 50, 60]);
  expect([levelRank('loud'), levelRank(null), isLogLevel('info'), isLogLevel('INFO')]).toEqual([0, 0, true, false]);
});

describe('parseSince', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00.000Z');

  test.each([
    ['30s', nowMs - 30_000],
    ['10m', nowMs - 600_000],
    ['1h30m', nowMs - 5_400_000],
    ['2d', nowMs - 172_800_000],
    ['1w', nowMs - 604_800_000],
    ['2026-02-28T10:00:00Z', Date.parse('2026-02-28T10:00:00Z')],
    ['2026-02-28T10:00:00+02:00', Date.parse('2026-02-28T08:00:00Z')],
    ['2026-02-28', new Date(2026, 1, 28).getTime()],
    ['2026-02-28 10:30', new Date(2026, 1, 28, 10, 30).getTime()],
  ])('%s', (text, expected) => {
    expect(parseSince(text, nowMs)).toBe(expected);
  });

  test.each(['', '10', '10x', 'm', '-5m', '1h 5m', 'yesterday', '2026-13-45', '2026-02', '12:30', '99999999s'])(
    "'%s' is refused",
    (text) => {
      expect(parseSince(text, nowMs)).toBeUndefined();
    },
  );
});
