import { expect, test } from 'vitest';
import { WithoutThoughts } from '../../../../../daemon/worker/providers/sdk/stream-text.js';

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
])('of %j, %j is the answer, wherever the stream is split', (text, expected) => {
  expect(filter([text])).toBe(expected);
  expect(filter(Array.from(text))).toBe(expected);
  for (let at = 1; at < text.length; at += 1) expect(filter([text.slice(0, at), text.slice(at)])).toBe(expected);
});

test('text is passed on as soon as it cannot be part of a thought', () => {
  const words = new WithoutThoughts();
  expect(['<th', 'ink>a', 'b</think>', '\n', 'c', 'd'].map((piece) => words.push(piece))).toEqual(['', '', '', '', 'c', 'd']);
});

test('thoughts without an end are bounded and scanned once', () => {
  const words = new WithoutThoughts();
  let said = 0;
  words.push('<think>');
  for (let count = 0; count < 600_000; count += 1) said += words.push('xy').length;
  expect(said + words.end().length).toBe('<think>'.length + 1_200_000);
});
