import { describe, expect, test } from 'vitest';
import { fold, indexOfLine, lineNear, type LogItem, targetOf, traceText } from '../../../../webui/src/views/logs/log-items.js';
import { gapRow, type LogRow, toRow } from '../../../../webui/src/views/logs/log-row.js';

const at = (n: number): string => new Date(1_770_000_000_000 + n).toISOString();
const row = (id: number, entry: Record<string, unknown>): LogRow => toRow(id, { level: 'info', time: at(id), ...entry });
const shapes = (items: readonly LogItem[]): unknown => items.map(({ row: { id }, repeats, rest }) => [id, repeats.length, rest.length]);

describe('folding', () => {
  test('a line that repeats is one item; who asked and how long it took may differ, nothing else', () => {
    const lines = [
      row(0, { msg: 'failed', requestId: 'a', durationMs: 1 }),
      row(1, { msg: 'failed', requestId: 'b', durationMs: 2 }),
      row(2, { msg: 'failed', requestId: 'c', durationMs: 3, path: '/x' }),
      row(3, { msg: 'failed', level: 'warn', requestId: 'd', durationMs: 3 }),
      row(4, { msg: 'failed', level: 'warn', requestId: 'e', durationMs: 3, err: { code: 'A' } }),
      row(5, { msg: 'failed', level: 'warn', requestId: 'f', durationMs: 3, err: { code: 'A' } }),
      row(6, { msg: 'failed', level: 'warn', requestId: 'f', durationMs: 3, err: { code: 'B' } }),
    ];
    expect(shapes(fold(undefined, lines, true).items)).toEqual([
      [0, 1, 0],
      [2, 0, 0],
      [3, 0, 0],
      [4, 1, 0],
      [6, 0, 0],
    ]);
    expect(fold(undefined, lines, false).items).toHaveLength(7);
  });

  test('a stack trace stands below its first line, until another line, another source or a pause comes', () => {
    const trace = ['Error: boom', '    at f (a.js:1:2)', '    at g (a.js:3:4)', '', 'Node.js v20.20.2'];
    const lines = [
      ...trace.map((msg, id) => row(id, { source: 'stderr', msg })),
      row(5, { msg: '    at nothing of ours', source: 'stdout' }),
      row(6, { msg: '    indented message of the gateway' }),
      toRow(7, { source: 'stderr', msg: 'Error: later', time: at(7) }),
      toRow(8, { source: 'stderr', msg: '    at h', time: at(5_000) }),
    ];
    const { items } = fold(undefined, lines, true);
    expect(shapes(items)).toEqual([
      [0, 0, 2],
      [3, 0, 1],
      [5, 0, 0],
      [6, 0, 0],
      [7, 0, 0],
      [8, 0, 0],
    ]);
    expect(traceText(items[0] as LogItem)).toBe('Error: boom\\n    at f (a.js:1:2)\\n    at g (a.js:3:4)'.replaceAll('\\n', '\n'));
  });

  test('a gap is never folded away', () => {
    const lines = [row(0, { msg: 'x' }), gapRow(1), gapRow(2), row(3, { msg: 'x' })];
    expect(fold(undefined, lines, true).items).toHaveLength(4);
  });

  test('what comes at the end is folded as if all had been folded at once', () => {
    const lines = Array.from({ length: 60 }, (_, id) => row(id, { msg: `m${Math.floor(id / 7)}` }));
    let folding = fold(undefined, lines.slice(0, 3), true);
    for (const end of [3, 5, 20, 21, 60]) folding = fold(folding, lines.slice(0, end), true);
    expect(folding.items).toEqual(fold(undefined, lines, true).items);
    const later = fold(folding, lines.slice(10), true);
    expect(later.items).toEqual(fold(undefined, lines.slice(10), true).items);
  });
});

test('a line is found in the item that holds it', () => {
  const lines = [0, 1, 2, 5, 6].map((id) => row(id, { msg: id < 2 ? 'same' : `m${id}` }));
  const { items } = fold(undefined, lines, true);
  expect([0, 1, 2, 3, 5, 6, 9, -1].map((id) => indexOfLine(items, id))).toEqual([0, 0, 1, 1, 2, 3, 3, -1]);
  expect(indexOfLine([], 3)).toBe(-1);
});

describe('keys step over gaps, which are no lines', () => {
  const itemsOf = (shape: string): readonly LogItem[] =>
    fold(
      undefined,
      Array.from(shape, (letter, id) => (letter === '-' ? gapRow(id) : row(id, { msg: letter }))),
      false,
    ).items;

  test.each([
    ['ArrowDown', 0, 'a--b', 3],
    ['ArrowUp', 3, 'a--b', 0],
    ['ArrowDown', 1, 'ab-', 1],
    ['ArrowUp', 1, '-ab', 1],
    ['Home', 2, '-ab', 1],
    ['End', 0, 'ab-', 1],
    ['PageDown', 0, 'ab-', 1],
    ['PageUp', 2, '-ab', 1],
    ['PageDown', 0, `a${'b'.repeat(19)}-c`, 21],
    ['a', 0, 'ab', undefined],
  ])('%s from %i of %j leads to %j', (...[key, from, shape, to]) => {
    expect(targetOf(key, from, itemsOf(shape))).toBe(to);
  });

  test('without a line there is nothing to go to', () => {
    expect(itemsOf('--')[lineNear(itemsOf('--'), 1, -1)]).toBeUndefined();
    expect(lineNear([], -1, -1)).toBe(-1);
  });
});
