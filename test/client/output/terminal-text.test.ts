import { expect, test } from 'vitest';
import { TerminalText } from '../../../client/output/terminal-text.js';

test('a character that is cut in two between pieces arrives whole', () => {
  const text = new TerminalText(true);
  expect(text.push('a\ud83d') + text.push('\ude00b') + text.end()).toBe('a😀b');
});

test('on a terminal, control characters are shown, tabs and lines kept', () => {
  const text = new TerminalText(true);
  expect(text.push('a\tb\r\nc\u001b[31m\u0007') + text.end()).toBe('a    b\nc\\x1b[31m\\x07');
});

test('a half that has no other half is shown as such', () => {
  const text = new TerminalText(true);
  expect(text.push('x\ud83d')).toBe('x');
  expect(text.end()).toBe('\\ud83d');
  expect(text.end()).toBe('');
});

test('a file or a program gets the text as it is', () => {
  const text = new TerminalText(false);
  expect(text.push('a\t\u001b[31m\r\n') + text.end()).toBe('a\t\u001b[31m\r\n');
});
