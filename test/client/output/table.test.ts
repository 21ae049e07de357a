import { expect, test } from 'vitest';
import { clip, renderTable } from '../../../client/output/table.js';

test('columns align where characters are as wide as two, or none', () => {
  const text = renderTable(
    [
      ['NAME', 'STATE'],
      ['日本語', 'on'],
      ['e\u0301té', 'off'],
      ['👩‍👩‍👧', 'on'],
    ],
    [Infinity, Infinity],
  );
  expect(text.split('\n')).toEqual(['NAME    STATE', '日本語  on', 'e\u0301té     off', '👩‍👩‍👧      on']);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['日本語です', 6, '日本…'],
  ['日本語です', 7, '日本語…'],
  ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
])('%j in %i columns is %j', (text, width, expected) => {
  expect(clip(text, width)).toBe(expected);
});

test('control characters are shown, not sent to the terminal', () => {
  expect(renderTable([['A'], ['x\u001b[31m']], [Infinity])).not.toContain('\u001b');
});
