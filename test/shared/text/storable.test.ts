import { expect, test } from 'vitest';
import { hasVisibleText } from '../../../shared/text/storable.js';

test.each([
  ['', false],
  [' \t\r\n\u00a0\u3000', false],
  ['\u200b\u2060\ufeff\u00ad\u3164', false],
  ['\u0000\u001b', false],
  [' . ', true],
  ['你好', true],
  ['👍🏽', true],
  ['\u200b‘', true],
])('%j shows something: %s', (text, expected) => {
  expect(hasVisibleText(text)).toBe(expected);
});
