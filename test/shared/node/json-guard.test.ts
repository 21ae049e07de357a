import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkJson, repairTexts } from '../../../shared/node/json-guard.js';

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
const check = (value: unknown) => () => checkJson(value, { name: 'body', source: Buffer.from(JSON.stringify(value)) });
const checkText = (text: string) => () => checkJson(JSON.parse(text), { name: 'body', source: Buffer.from(text) });

test.each<[string, unknown]>([
  ['__proto__', JSON.parse('{"a":{"__proto__":1}}')],
  ['constructor', { a: [{ constructor: 1 }] }],
  ['prototype', { prototype: null }],
  ['65 levels', nested(65)],
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

test.each<[string, unknown, string | undefined]>([
  ['texts', { 'a\0': ['\0', '\ud83d'] }, undefined],
  ['a tool with such parameters', { properties: { constructor: {}, prototype: {} } }, undefined],
  ['__proto__', JSON.parse('{"__proto__":1}'), "the key '__proto__'"],
  ['65 levels', nested(65), 'deeper than 64 levels'],
])('of a call for a model, %s', (_what, value, problem) => {
  const checked = () => checkJson(value, { name: 'body', source: Buffer.from(JSON.stringify(value)), isModelCall: true });
  if (problem === undefined) expect(checked).not.toThrow();
  else expect(checked).toThrow(problem);
});

test('halves of surrogate pairs are replaced, wherever they are', () => {
  const value = { a: '\ud83d', b: ['x\udc00', { c: '🛶', d: [[['\ud83d\ud83d']]] }], e: [1, null, true] };
  repairTexts(value);
  expect(value).toEqual({ a: '\ufffd', b: ['x\ufffd', { c: '🛶', d: [[['\ufffd\ufffd']]] }], e: [1, null, true] });
});

test.each(['[1e999]', '{"a":-1e999}'])('%s is refused: the number would become null', (text) => {
  expect(checkText(text)).toThrow('a number that is too large');
});

test('100,000 levels are refused', () => {
  expect(checkText('['.repeat(100_000) + ']'.repeat(100_000))).toThrow('deeper than 64 levels');
});

test('what a decoder put in the place of invalid bytes is refused; the same character sent as it is, is not', () => {
  const invalid = Buffer.from('{"a\xff":1}', 'latin1');
  expect(() => checkJson(JSON.parse(invalid.toString()), { name: 'body', source: invalid })).toThrow('not valid UTF-8');
  expect(check({ 'a\u{fffd}': '\u{fffd}' })).not.toThrow();
});

test.each([
  ['{"a":1,"a":2}', "'a' twice (at position 7)"],
  ['{"x":[{"a":1},{"b":{},"a":1 , "\\u0061" :2}]}', "'a' twice (at position 30)"],
  ['{"ü":{"🛶":1,"🛶":2}}', "'🛶' twice (at position 13)"],
  [`{"b":${'['.repeat(1_000)}${']'.repeat(1_000)},"b":0}`, "'b' twice (at position 2006)"],
])('%.50s is refused for its repeated key', (text, phrase) => {
  expect(checkText(text)).toThrow(`The body has the key ${phrase}. Send each key once.`);
});

test.each(['{"a":{"a":[{"a":1},{"a":2}]}}', '{"a:":":","\\"a":"\\\\","b":"{\\"b\\":1,\\"b\\":2}"}', '[]', '{}', '"a:a"'])(
  'no key of %s is repeated',
  (text) => expect(checkText(text)).not.toThrow(),
);

test('any document passes as it is written, and is refused once one of its keys is repeated', () => {
  const fields = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 4 }), { minKeys: 1 });
  const isAllowed = (value: object): boolean => !/__proto__|constructor|prototype|\\u(?:0000|d[89a-f])/.test(JSON.stringify(value));
  fc.assert(
    fc.property(fields.filter(isAllowed), fc.boolean(), (value, isPretty) => {
      const text = JSON.stringify(value, null, isPretty ? 2 : 0);
      expect(checkText(text)).not.toThrow();
      const repeated = `{${JSON.stringify(Object.keys(value)[0])}:0,${text.slice(1)}`;
      expect(checkText(repeated)).toThrow(' twice (at position ');
    }),
    { numRuns: 200 },
  );
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
      expect(checkText(wrap(steps, `{"${key}":{"polluted":true}}`))).toThrow('which is not allowed');
      expect(checkText(wrap(steps, `{"proto":"${key}"}`))).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
