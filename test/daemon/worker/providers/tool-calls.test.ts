import { expect, test } from 'vitest';
import { readToolInput } from '../../../../daemon/worker/providers/tool-calls.js';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test.each([
  '{"id":9007199254740991,"other":-9007199254740991}',
  '{"id":"1324567890123456789","text":"1324567890123456789 \\" 1324567890123456789, \\\\"}',
  '{"1324567890123456789":1}',
  '[0.1234567890123456789, 1.989e30, 6.02214076E+23, 1e-400, -0.5]',
  nested(64),
])('%.60s is taken as it is written', (text) => {
  expect(readToolInput(text)).toEqual({ input: JSON.parse(text) as unknown });
});

test.each([
  ['{"id":1324567890123456789}', '1324567890123456789'],
  ['{"a":[{"b":-9007199254740993}]}', '-9007199254740993'],
  ['{"amount":12345678901234567.89}', '12345678901234567.89'],
  // What Google's API has parsed already: it may have been another number.
  ['{"id":1324567890123456800}', '1324567890123456800'],
  ['{"text":"\\\\","id":100000000000000000000}', '100000000000000000000'],
  ['{"n":1e999}', '1e999'],
])('%s is a problem: a tool would get another number', (text, number) => {
  expect(readToolInput(text)).toEqual({
    input: {},
    problem: `the number ${number} would be rounded; write it as a string`,
  });
});

test.each([
  [nested(65), 'it is nested deeper than 64 levels'],
  [nested(100_000), 'it is nested deeper than 64 levels'],
  ['{"a":', 'it is not JSON: {"a":'],
  [`{${'\u{1F980}'.repeat(100)}`, `it is not JSON: {${'\u{1F980}'.repeat(99)}…`],
])('%.20s is a problem', (text, problem) => {
  expect(readToolInput(text)).toEqual({ input: {}, problem });
});

test('nothing at all is an empty input', () => {
  expect(readToolInput(' ')).toEqual({ input: {} });
});

test('a text of many megabytes is read', () => {
  const text = `{"a":"${'\\n'.repeat(5_000_000)}","id":1324567890123456789}`;
  expect(readToolInput(text).problem).toContain('1324567890123456789');
});
