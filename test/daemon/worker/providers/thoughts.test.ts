import { expect, test } from 'vitest';
import { WithoutThoughts } from '../../../../daemon/worker/providers/sdk/stream-text.js';

function filter(pieces: readonly string[]): string {
  const words = new WithoutThoughts();
  return pieces.map((piece) => words.push(piece)).join('') + words.end();
}

test.each([
  ['<think>hm</think>hi', 'hi'],
  ['\n<think>\nhm <b> </thin </think>\n\nhi <think>x</think>', 'hi <think>x</think>'],
  ['<think></think>hi', 'hi'],
  ['hi', 'hi'],
  ['  hi', '  hi'],
  ['<thinker>hi', '<thinker>hi'],
  ['<', '<'],
  ['<think>never ended', '<think>never ended'],
  ['<think>hm</think>', ''],
  ['a <think>b</think> c', 'a <think>b</think> c'],
  ['', ''],
])('of %j %j is said, however it is cut', (text, expected) => {
  expect(filter([text])).toBe(expected);
  expect(filter(Array.from(text))).toBe(expected);
  for (let at = 1; at < text.length; at += 1) expect(filter([text.slice(0, at), text.slice(at)])).toBe(expected);
});

test('what is said is told as soon as it is known to be no thought', () => {
  const words = new WithoutThoughts();
  expect(['<th', 'ink>a', 'b</think>', '\n', 'c', 'd'].map((piece) => words.push(piece))).toEqual(['', '', '', '', 'c', 'd']);
});

test('thoughts without an end are not kept without an end, nor looked at again and again', () => {
  const words = new WithoutThoughts();
  let said = 0;
  words.push('<think>');
  for (let count = 0; count < 600_000; count += 1) said += words.push('xy').length;
  expect(said + words.end().length).toBe('<think>'.length + 1_200_000);
});
