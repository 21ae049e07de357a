import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkJson } from '../../../../../daemon/worker/http/middleware/json-guard.js';

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
const check = (value: unknown) => () => checkJson(value, () => true);

test.each<[string, unknown]>([
  ['__proto__', JSON.parse('{"a":{"__proto__":1}}')],
  ['constructor', { a: [{ constructor: 1 }] }],
  ['prototype', { prototype: null }],
  ['65 levels', nested(65)],
  ['100,000 levels', nested(100_000)],
  ['a lone high surrogate', { a: '\ud83d' }],
  ['a lone low surrogate in a key', { '\udc00': 1 }],
  ['a NUL character', ['a\0b']],
])('%s is refused', (_what, value) => {
  expect(check(value)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
});

test.each<[string, unknown]>([
  ['64 levels', nested(64)],
  ['a pair of surrogates', { '🛶': '🛶' }],
  ['the forbidden words as values', ['__proto__', 'constructor', 'prototype']],
  ['numbers, booleans and null', [1, true, null]],
  ['a wide object', Object.fromEntries(Array.from({ length: 10_000 }, (_value, index) => [`k${index}`, index]))],
])('%s is let through', (_what, value) => {
  expect(check(value)).not.toThrow();
});

test('the bytes are looked at only when a decoder may have replaced some', () => {
  let looks = 0;
  const isValidUtf8 = (): boolean => ((looks += 1), false);
  checkJson({ a: 'plain', ü: ['🛶'] }, isValidUtf8);
  expect(looks).toBe(0);
  expect(() => checkJson({ 'a\u{fffd}': 1 }, isValidUtf8)).toThrow('not valid UTF-8');
  expect(looks).toBe(1);
});

test('a hostile key is refused wherever it is, and nothing else is', () => {
  const path = fc.array(fc.oneof(fc.constantFrom('a', 'providers', 'x y'), fc.nat({ max: 3 })), { maxLength: 20 });
  const wrap = (steps: readonly (string | number)[], inner: string): string =>
    steps.reduceRight<string>(
      (text, step) => (typeof step === 'string' ? `{"z":1,${JSON.stringify(step)}:${text}}` : `[${'0,'.repeat(step)}${text}]`),
      inner,
    );
  const hostile = fc.constantFrom('__proto__', 'constructor', 'prototype', '__pro\\u0074o__');
  fc.assert(
    fc.property(path, hostile, (steps, key) => {
      expect(check(JSON.parse(wrap(steps, `{"${key}":{"polluted":true}}`)))).toThrow('which is not allowed');
      expect(check(JSON.parse(wrap(steps, `{"proto":"${key}"}`)))).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
