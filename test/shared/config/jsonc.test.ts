import { describe, expect, test } from 'vitest';
import { editJsonc, parseJsonc } from '../../../shared/config/jsonc.js';

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
    expect(problems).toEqual([{ key, position: { line: 1, column }, message: expect.stringMatching(/twice|not allowed/) }]);
    expect(value).toBeUndefined();
  });

  test.each([
    ['['.repeat(1_000_000), 65],
    ['{"a":'.repeat(200_000), 64 * 5 + 1],
    ['[{"a":'.repeat(100), 32 * 6 + 1],
  ])('%.12s… is refused for its depth, quickly', (text, column) => {
    const startedAt = performance.now();
    expect(parseJsonc(text).problems).toEqual([{ key: '', position: { line: 1, column }, message: expect.stringContaining('64 levels') }]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
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

describe('editJsonc', () => {
  const text = '{\n  // where it listens\n  "gateway": {\n    "port": 1, // the port\n    "host": "a"\n  }\n}\n';

  test('changes one value and keeps every comment', () => {
    expect(editJsonc(text, [{ path: ['gateway', 'port'], value: 8080 }])).toBe(text.replace('"port": 1', '"port": 8080'));
  });

  test('adds a key with the indentation of the text', () => {
    const edited = editJsonc(text, [{ path: ['cron', 'enabled'], value: false }]);
    expect(edited).toContain('\n  "cron": {\n    "enabled": false\n  }\n');
    expect(edited).toContain('// where it listens');
  });

  test('removes a key; removing one that is not there changes nothing', () => {
    expect(parseJsonc(editJsonc(text, [{ path: ['gateway', 'host'], value: undefined }])).value).toEqual({ gateway: { port: 1 } });
    expect(editJsonc(text, [{ path: ['gateway', 'nothing'], value: undefined }])).toBe(text);
    expect(editJsonc(text, [{ path: ['nothing', 'at', 'all'], value: undefined }])).toBe(text);
  });

  test('edits apply in order, and numbers address arrays and objects alike', () => {
    const edited = editJsonc('{}\n', [
      { path: ['list'], value: [{ id: 'a' }] },
      { path: ['list', 0, 'id'], value: 'b' },
      { path: ['map'], value: { 7: 1 } },
      { path: ['map', 7], value: 2 },
    ]);
    expect(parseJsonc(edited).value).toEqual({ list: [{ id: 'b' }], map: { 7: 2 } });
  });

  test.each([
    ['tabs', '{\n\t"a": 1\n}\n', '\n\t"b": 2\n'],
    ['four spaces', '{\n    "a": 1\n}\n', '\n    "b": 2\n'],
    ['Windows line ends', '{\r\n  "a": 1\r\n}\r\n', '\r\n  "b": 2\r\n'],
  ])('keeps to %s', (_title, before, expected) => {
    expect(editJsonc(before, [{ path: ['b'], value: 2 }])).toContain(expected);
  });
});
