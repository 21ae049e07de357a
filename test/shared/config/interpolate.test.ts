import { expect, test } from 'vitest';
import { interpolate } from '../../../shared/config/interpolate.js';

const variables: Record<string, string> = { NAME: 'value', A_1: 'one', EVIL: '${NAME}', DOLLAR: '$&$1' };
const lookup = (name: string): string | undefined => variables[name];

test.each([
  ['${NAME}', 'value'],
  ['a ${NAME} b ${A_1}', 'a value b one'],
  ['$${NAME}', '${NAME}'],
  ['$$${NAME}', '$${NAME}'],
  ['$NAME {NAME} ${} ${1} ${a-b} $', '$NAME {NAME} ${} ${1} ${a-b} $'],
  ['${EVIL}', '${NAME}'],
  ['${DOLLAR}', '$&$1'],
])('%s becomes %s', (text, expected) => {
  expect(interpolate({ x: text }, lookup)).toMatchObject({ value: { x: expected }, unresolved: [] });
});

test('a text with an unset variable is left out, and told with its path', () => {
  const { value, unresolved } = interpolate({ a: { b: 'x${NONE}y${NAME}', c: 1 }, list: ['${NONE}', 'kept', { d: '${ALSO}' }] }, lookup);
  expect(value).toEqual({ a: { c: 1 }, list: ['kept', {}] });
  expect(unresolved).toEqual([
    { path: ['a', 'b'], variable: 'NONE' },
    { path: ['list', 0], variable: 'NONE' },
    { path: ['list', 2, 'd'], variable: 'ALSO' },
  ]);
});

test('a path behind a removed element is found again in the source', () => {
  const { sourcePath } = interpolate({ list: ['${NONE}', { x: ['${NONE}', '${NONE}', 1] }, 2] }, lookup);
  expect(sourcePath(['list', 0, 'x', 0])).toEqual(['list', 1, 'x', 2]);
  expect(sourcePath(['list', 1])).toEqual(['list', 2]);
  expect(sourcePath(['other', 'key'])).toEqual(['other', 'key']);
});

test('values that are no text, and keys, are left alone', () => {
  const root = { '${NAME}': 1, n: null, t: true, f: 1.5 };
  expect(interpolate(root, lookup).value).toEqual(root);
});

test('the input is not changed', () => {
  const root = Object.freeze({ a: Object.freeze(['${NONE}', '${NAME}']) });
  interpolate(root, lookup);
  expect(root).toEqual({ a: ['${NONE}', '${NAME}'] });
});

test.each([
  ['${A}', true],
  ['$${A}', false],
  ['$$${A}', false],
  ['x', false],
])('%s refers to the environment: %s', (text, expected) => {
  expect(interpolate(text, () => undefined).unresolved.length > 0).toBe(expected);
});
