import { expect, test } from 'vitest';
import { exactJson, inexactNumber, readExactJson } from '../../../shared/node/exact-json.js';

const again = (json: string): string => exactJson(JSON.stringify(readExactJson(json)));

test.each([
  '{"id":1324567890123456789,"ids":[-9007199254740993,9223372036854775807],"deep":{"id":18446744073709551615}}',
  `[${'9'.repeat(400)}]`,
  '1324567890123456789',
  '{"id":"1324567890123456789","text":"say \\"1324567890123456789\\", or \\\\","n":[1324567890123456789]}',
  '{"1324567890123456789":1,"e":1.5,"none":null,"yes":true}',
])('whole numbers and texts are the same afterwards: %s', (json) => {
  expect(again(json)).toBe(json);
});

test('numbers that JavaScript has, and others than whole ones, are numbers', () => {
  expect(readExactJson('[9007199254740991,1324567890123456800,0.12345678901234567890,1e30,1234567890123456789.5]')).toEqual([
    9007199254740991, 1324567890123456800, 0.12345678901234568, 1e30, 1234567890123456800,
  ]);
});

test.each(['{"a":01324567890123456789}', '{"a":1324567890123456789', '[1324567890123456789 1]'])(
  'what is no JSON stays none: %s',
  (text) => {
    expect(() => readExactJson(text)).toThrow(SyntaxError);
  },
);

test('a long text with many escapes is read', () => {
  const text = 'x\n'.repeat(2_000_000);
  expect(readExactJson(JSON.stringify({ text, digits: '1234567890123456' }))).toEqual({ text, digits: '1234567890123456' });
});

test.each([
  ['{"id": 1324567890123456789}', '1324567890123456789'],
  ['{"id": 9007199254740992}', '9007199254740992'],
  ['[1e999]', '1e999'],
  ['{"id": "1324567890123456789", "n": 9007199254740991, "mass": 5.9e24, "text": "\\"1324567890123456789"}', undefined],
])('a number that would be rounded is named: %s', (json, number) => {
  const problem = number && `the number ${number} would be rounded; write it as a string`;
  expect(inexactNumber(json)).toBe(problem);
});
