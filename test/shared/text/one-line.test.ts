import { expect, test } from 'vitest';
import { cutText, oneLine } from '../../../shared/text/one-line.js';

test.each([
  ['  a\r\n\tb\u0007c ', 10, 'a b c'],
  ['0123456789', 10, '0123456789'],
  ['01234567890', 10, '012345678…'],
  ['01234567😀', 10, '01234567😀'],
  ['01234567😀9', 10, '01234567…'],
  [' '.repeat(100) + 'far', 10, ''],
])('%j of at most %i characters is %j', (text, maxLength, line) => {
  expect(oneLine(text, maxLength)).toBe(line);
});

test('a cut text ends with what its caller says, within the length', () => {
  expect([cutText('0123', 4), cutText('01234', 4), cutText('01234', 4, ''), cutText('012😀', 4, ''), cutText('01234', 4, '--')]).toEqual([
    '0123',
    '012…',
    '0123',
    '012',
    '01--',
  ]);
});
