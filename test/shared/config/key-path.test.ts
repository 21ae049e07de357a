import { describe, expect, test } from 'vitest';
import { formatKey, parseKey, valueAt } from '../../../shared/config/key-path.js';

test.each([
  [['gateway', 'port'], 'gateway.port'],
  [['agents', 'list', 0, 'model'], 'agents.list[0].model'],
  [['channels', 'webhook', 'accounts', 'a.b'], 'channels.webhook.accounts["a.b"]'],
  [['a-b', 'c"d'], 'a-b["c\\"d"]'],
  [[], ''],
] as const)('%j is written %s and read back', (path, text) => {
  expect(formatKey(path)).toBe(text);
  if (text !== '') expect(parseKey(text)).toEqual(path);
});

test('a number between dots is an index', () => {
  expect(parseKey('agents.list.0.model')).toEqual(['agents', 'list', 0, 'model']);
});

test.each([
  [''],
  ['.'],
  ['a..b'],
  ['.a'],
  ['a.'],
  ['a['],
  ['a[]'],
  ['a[x]'],
  ['a["x]'],
  ['__proto__'],
  ['a.constructor.b'],
  ['a["prototype"]'],
])('%j is no key', (text) => {
  expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

describe('valueAt', () => {
  const root = { a: [{ b: null }], 'x.y': 1 };

  test.each([
    [['a', 0, 'b'], null],
    [['x.y'], 1],
    [['a', 1], undefined],
    [['a', 0, 'b', 'c'], undefined],
    [['toString'], undefined],
    [['a', 'length'], 1],
    [[], root],
  ] as const)('finds %j', (path, value) => {
    expect(valueAt(root, path)).toEqual(value);
  });
});
