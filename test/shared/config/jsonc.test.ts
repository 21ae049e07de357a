import { describe, expect, test } from 'vitest';
import { parseJsonc } from '../../../shared/config/jsonc.js';
import { cpuMs } from '../../helpers/cpu-time.js';

describe('parseJsonc', () => {
  test('reads comments and trailing commas', () => {
    const { value, problems } = parseJsonc('// head\n{ "a": [1, 2,], /* here */ "b": { "c": null, }, }\n');
    expect(problems).toEqual([]);
    expect(value).toEqual({ a: [1, 2], b: { c: null } });
  });

  test.each([
    ['{ a: 1 }', 1, 3, /double quotes/],
    ['{ "a": 1', 1, 9, /'}' is missing/],
    ['{ "a" 1 }', 1, 7, /':' is expected/],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /',' is expected/],
    ['{ "a": "x }', 1, 8, /no closing quote/],
    ['{ "a": .5 }', 1, 8, /./],
    ['{ "a": 1 } x', 1, 12, /./],
    ['{ "a": /* 1 }', 1, 8, /./],
    ['{ "a": "\\q" }', 1, 8, /escape/],
  ])('%j has its problem at line %i, column %i', (...[text, line, column, message]) => {
    const { value, problems } = parseJsonc(text);
    expect(value).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ position: { line, column }, message: expect.stringMatching(message) });
  });

  test.each([
    ['{ "a": 1, "b": { "c": 1, "c": 2 } }', 'b.c', 26],
    ['{ "__proto__": { "x": 1 } }', '__proto__', 3],
    ['{ "a": { "constructor": 1 } }', 'a.constructor', 10],
    ['{ "\\u005f_proto__": 1 }', '__proto__', 3],
  ])('%s is refused for the key %s', (text, key, column) => {
    const { problems, value } = parseJsonc(text);
    expect(problems).toMatchObject([{ key, position: { line: 1, column }, message: expect.stringMatching(/twice|not allowed/) }]);
    expect(value).toBeUndefined();
  });

  test.each([
    ['['.repeat(1_000_000), 65],
    ['{"a":'.repeat(200_000), 64 * 5 + 1],
    ['[{"a":'.repeat(100), 32 * 6 + 1],
  ])('%.12s… is refused for its depth, quickly', (text, column) => {
    const refuse = (): void =>
      expect(parseJsonc(text).problems).toMatchObject([
        { key: '', position: { line: 1, column }, message: expect.stringContaining('64 levels') },
      ]);
    expect(cpuMs(refuse)).toBeLessThan(5_000);
  });

  test('a value and its key are located, and what is missing at its nearest ancestor', () => {
    const { locate } = parseJsonc('{\n  "a": {\n    "list": [\n      { "x": 1 },\n      { "y": 2 } ] } }');
    expect(locate(['a', 'list', 1, 'y'])).toEqual({ line: 5, column: 14 });
    expect(locate(['a', 'list', 1, 'y'], 'key')).toEqual({ line: 5, column: 9 });
    expect(locate(['a', 'list', 1, 'z', 'q'])).toEqual({ line: 5, column: 7 });
    expect(locate(['b'])).toEqual({ line: 1, column: 1 });
    expect(locate([])).toEqual({ line: 1, column: 1 });
  });
});
