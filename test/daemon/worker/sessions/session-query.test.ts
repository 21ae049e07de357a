import { describe, expect, test } from 'vitest';
import { parseSessionQuery } from '../../../../daemon/worker/sessions/session-query.js';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const parse = (search: string) => parseSessionQuery(search, NOW);
const day = (year: number, month: number, date: number): number => new Date(year, month - 1, date).getTime();

describe('text', () => {
  test.each([
    ['in voice', 'in voice'],
    ['  two  spaces ', '  two  spaces '],
    ['10:30 http://from:x nofrom:telegram', '10:30 http://from:x nofrom:telegram'],
    ['"from:telegram"', 'from:telegram'],
    ['say "is:red today" now', 'say "is:red today" now'],
    ['"quoted" AND x', '"quoted" AND x'],
    ['from :x', 'from :x'],
  ])('%j is looked for as it is', (search, text) => {
    expect(parse(search)).toEqual({ text });
  });

  test.each([
    ['invoice  from:telegram  paid', 'invoice paid'],
    ['from:telegram "from:x"', 'from:x'],
  ])('%j looks for what is beside its filters', (search, text) => {
    expect(parse(search)).toMatchObject({ text });
  });

  test('an empty search matches every session', () => {
    expect(parse('')).toEqual({});
    expect(parse('is:any')).toEqual({ archived: 'any' });
  });
});

test('each filter is parsed, also negated, in any case of its name', () => {
  expect(parse('From:telegram -agent:ops model:gpt-5 TAG:"Two Words" -tag:old')).toEqual({
    values: [
      { field: 'channel', value: 'telegram', isNot: false },
      { field: 'agent', value: 'ops', isNot: true },
      { field: 'model', value: 'gpt-5', isNot: false },
    ],
    tags: [
      { tag: 'two words', isNot: false },
      { tag: 'old', isNot: true },
    ],
  });
  expect(parse('is:pinned -is:unread is:answering is:archived')).toEqual({
    states: [
      { state: 'pinned', isNot: false },
      { state: 'unread', isNot: true },
      { state: 'answering', isNot: false },
    ],
    archived: 'only',
  });
});

test.each([
  ['after:2026-11-01', { sinceMs: day(2026, 11, 1) }],
  ['before:2026-11-01', { beforeMs: day(2026, 11, 1) }],
  ['after:2026-11-01T09:30Z', { sinceMs: Date.parse('2026-11-01T09:30:00Z') }],
  ['after:12h', { sinceMs: NOW - 12 * 3_600_000 }],
  ['before:2w', { beforeMs: NOW - 14 * 86_400_000 }],
  ['after:7d after:1d before:1h before:1d', { sinceMs: NOW - 86_400_000, beforeMs: NOW - 86_400_000 }],
])('%s is a time', (search, expected) => {
  expect(parse(search)).toEqual(expected);
});

test.each([
  ['is:red', 'is: takes pinned, unread, archived, answering, any'],
  ['-is:any', 'is: takes'],
  ['from:', 'from: needs a value'],
  ['tag:""', 'tag: needs a value'],
  ['after:yesterday', 'takes a day (2026-11-01)'],
  ['after:2026-02-30', 'takes a day'],
  ['-after:7d', 'takes a day'],
  [Array.from({ length: 21 }, () => 'tag:x').join(' '), 'at most 20 filters'],
])('%s is refused with what is allowed', (search, message) => {
  expect(() => parse(search)).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) as string }),
  );
});
