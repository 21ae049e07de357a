import { expect, test } from 'vitest';
import { oneLine } from '../../../shared/text/one-line.js';

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
