import { describe, expect, test } from 'vitest';
import { isLogLevel, LOG_LEVELS } from '../../../../shared/log/level.js';
import { createLogFilter } from '../../../../shared/log/filter.js';
import { parseSearch, withField } from '../../../../shared/log/search.js';
import { compileFilter, compileLevel, marksOf, refilter } from '../../../../webui/src/views/logs/log-filter.js';
import { type LogRow, toRow } from '../../../../webui/src/views/logs/log-row.js';

const row = (id: number, entry: Record<string, unknown>): LogRow => toRow(id, entry);
const view = (search: string) => compileFilter({ search, sinceMs: -Infinity, untilMs: Infinity });
const entry = { level: 'info', time: '2026-01-02T03:04:05Z', msg: 'Request done', path: '/api/message', status: 200, err: { code: 'E_X' } };

describe('a search', () => {
  test.each([
    ['', true],
    ['request', true],
    ['request done', true],
    ['request missing', false],
    ['-missing', true],
    ['-done', false],
    ['"request done"', true],
    ['"done request"', false],
    ['status:200', true],
    ['status:404', false],
    ['-status:200', false],
    ['path:/api', true],
    ['err.code:e_x', true],
    ['http://x', false],
    ['"', true],
    ['level:info message', true],
  ])('%j: %s', (search, expected) => expect(view(search)(row(0, entry))).toBe(expected));

  test('finds what looks like a field and is none, quotes and backslashes too', () => {
    expect(view('see http://host/a')(row(0, { msg: 'see http://host/a' }))).toBe(true);
    expect(view('c:\\temp')(row(0, { msg: 'C:\\temp is full' }))).toBe(true);
    expect(view('note:c:\\temp')(row(0, { note: 'C:\\temp' }))).toBe(true);
  });

  test('a field of a line becomes a term that finds that line, whatever is in it', () => {
    for (const value of ['plain', 'two words', 'a"b', ' x ']) {
      expect(view(withField('', 'name', value))(row(0, { name: value }))).toBe(true);
    }
    expect(withField('name:x', 'name', 'x')).toBe('name:x');
    expect(parseSearch('name:"two words" -x')).toHaveLength(2);
  });
});

test('a level shows its lines and those above it, as the gateway does; without one, lines that have none are shown, too', () => {
  const rows = [...LOG_LEVELS.map((level, id) => row(id, { level, msg: level })), row(9, { msg: 'raw', raw: true })];
  for (const [index, level] of LOG_LEVELS.entries()) {
    expect(rows.filter(compileLevel(level)).map(({ message }) => message)).toEqual(LOG_LEVELS.slice(index));
    const atGateway = createLogFilter({ level });
    expect(rows.filter(({ entry: line }) => atGateway(JSON.stringify(line)) === 'take')).toEqual(rows.filter(compileLevel(level)));
  }
  expect(rows.filter(compileLevel(undefined))).toEqual(rows);
  expect(isLogLevel(rows.at(-1)?.level)).toBe(false);
});

test('filtering again what came and went at either end gives the same as filtering everything', () => {
  const filter = view('-2');
  const make = (from: number, to: number): LogRow[] => Array.from({ length: to - from }, (_, n) => row(from + n, { msg: `m${from + n}` }));
  let state = refilter(undefined, make(0, 0), filter);
  for (const [from, to] of [
    [0, 10],
    [0, 40],
    [-30, 40],
    [-30, 45],
    [20, 45],
    [20, 45],
    [25, 90],
    [-5, 90],
  ] as const) {
    state = refilter(state, make(from, to), filter);
    expect(state.shown.map(({ id }) => id)).toEqual(
      make(from, to)
        .filter(filter)
        .map(({ id }) => id),
    );
  }
});

test('what was filtered already, with gaps between its lines, is filtered again without taking one twice', () => {
  const make = (from: number, to: number): LogRow[] =>
    Array.from({ length: to - from }, (_, n) => row(from + n, { msg: (from + n) % 3 === 0 ? 'third' : 'other' })).filter(view('third'));
  const isMatch = view('th');
  let state = refilter(undefined, make(0, 30), isMatch);
  for (const [from, to] of [
    [-60, 30],
    [-60, 90],
    [-120, 95],
  ] as const) {
    state = refilter(state, make(from, to), isMatch);
    expect(state.shown.map(({ id }) => id)).toEqual(make(from, to).map(({ id }) => id));
  }
});

test('control characters of a hostile line are shown, not acted on, and any value is a line', () => {
  expect(row(0, { msg: '\u001b[31mred\u202e\n' }).message).toBe('\\x1b[31mred\\u202e\\n');
  expect(row(0, { msg: { a: 1 } }).message).toBe('{"a":1}');
  expect(row(0, { level: 'constructor', msg: null }).level).toBeUndefined();
});

test('a time range leaves out what is before and after it, and what has no time stays', () => {
  const filter = compileFilter({ search: '', sinceMs: 1_000, untilMs: 2_000 });
  const rows = [500, 1_000, 2_000, 2_001].map((ms, id) => row(id, { time: new Date(ms).toISOString(), msg: 'x' }));
  expect([...rows, row(9, { msg: 'raw' })].filter(filter).map(({ id }) => id)).toEqual([1, 2, 9]);
});

test('what is marked is what is wanted, in a field alone where one is named', () => {
  expect(marksOf('One "two Three" -four status:404')).toEqual({ anywhere: ['one', 'two three'], inField: new Map([['status', '404']]) });
});
