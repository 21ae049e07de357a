import { expect, test } from 'vitest';
import { checkPattern } from '../../../shared/log/pattern.js';

test.each(['', 'a|b', '^error', '\\d+ ms$', '[^"]+', '(?<name>x)\\k<name>', 'a{2,1', '\\-'])('%j is a pattern', (pattern) => {
  expect(() => checkPattern(pattern)).not.toThrow();
});

test.each([
  ['a(b', 'Unterminated group', 2],
  ['a(b)c(d', 'Unterminated group', 6],
  ['ab**c', 'Nothing to repeat', 4],
  ['x)y', "Unmatched ')'", 2],
  ['[a-', 'Unterminated character class', 1],
  ['a\\', '\\ at end of pattern', 2],
  ['a{2,1}', 'numbers out of order in {} quantifier', 6],
  ['(?<n>a)(?<n>b)', 'Duplicate capture group name', 8],
])('%j is refused: %s at character %i', (pattern, why, column) => {
  let fault: Error | undefined;
  try {
    checkPattern(pattern);
  } catch (error) {
    fault = error as Error;
  }
  expect(fault).toMatchObject({ code: 'INVALID_REQUEST', details: { field: 'regex', column } });
  expect(fault?.message).toContain(`${why} (character ${column})`);
});

test('a pattern longer than any that a person writes is refused', () => {
  expect(() => checkPattern('a'.repeat(501))).toThrow(/501 characters; 500/);
});
