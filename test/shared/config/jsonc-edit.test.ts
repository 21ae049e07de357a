import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJsonc } from '../../../shared/config/jsonc.js';
import { editJsonc, type JsoncEdit } from '../../../shared/config/jsonc-edit.js';
import { cpuMs } from '../../helpers/cpu-time.js';

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

  test('an edit inside of what an earlier one has written leaves its value as given', () => {
    const value = [{ id: 'a' }];
    const edits = [
      { path: ['list'], value },
      { path: ['list', 3], value: { id: 'b' } },
    ];
    expect(editJsonc('{}', edits)).toBe(editJsonc('{}', edits));
    expect(value).toEqual([{ id: 'a' }]);
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

  const commented = `{
  // above a
  "a": 1, // behind a
  // above b
  "b": [1, 2], /* behind b */
  /* above c */ "c": { "x": 1 }, "d": 4 // behind d
  // at the end
}
`;

  test.each<[string, string, readonly JsoncEdit[], string]>([
    ['the first entry', commented, [{ path: ['a'], value: undefined }], commented.replace(/\n  \/\/ above a\n.*/, '')],
    ['an entry between', commented, [{ path: ['b'], value: undefined }], commented.replace(/\n  \/\/ above b\n.*/, '')],
    ['an entry inside a line', commented, [{ path: ['c'], value: undefined }], commented.replace(/\n  \/\* above c.*, (?="d)/, ' ')],
    ['the last entry', commented, [{ path: ['d'], value: undefined }], commented.replace(', "d": 4 // behind d', '')],
    [
      'all entries',
      '{ "a": 1, "b": 2 }',
      [
        { path: ['a'], value: undefined },
        { path: ['b'], value: undefined },
      ],
      '{ }',
    ],
    ['the last one before a trailing comma', '{\n  "a": 1,\n  "b": 2,\n}', [{ path: ['b'], value: undefined }], '{\n  "a": 1,\n}'],
    ['an element', '[\n  1, // one\n  2, // two\n  3 // three\n]', [{ path: [1], value: undefined }], '[\n  1, // one\n  3 // three\n]'],
  ])('removes %s with its own comments alone', (...[_what, before, edits, after]) => {
    expect(editJsonc(before, edits)).toBe(after);
  });

  test.each<[string, string, JsoncEdit, string]>([
    ['behind a comment', '{\n  "a": 1 // one\n}', { path: ['b'], value: 2 }, '{\n  "a": 1, // one\n  "b": 2\n}'],
    ['behind a trailing comma', '{\n  "a": 1,\n}', { path: ['b'], value: 2 }, '{\n  "a": 1,\n  "b": 2,\n}'],
    ['to one line', '{ "a": { "b": 1 } }', { path: ['c'], value: [] }, '{\n  "a": { "b": 1 },\n  "c": []\n}'],
    ['inside one line', '{\n  "a": { "b": 1 }\n}', { path: ['a', 'c'], value: 2 }, '{\n  "a": {\n    "b": 1,\n    "c": 2\n  }\n}'],
    ['to nothing but a comment', '{\n  // nothing yet\n}', { path: ['a'], value: 1 }, '{\n  "a": 1\n  // nothing yet\n}'],
    ['where a list was', '{"a":[1]}', { path: ['a'], value: { b: 1 } }, '{"a":{\n    "b": 1\n  }}'],
    ['where a number was', '{"a":1}', { path: ['a', 'b'], value: 2 }, '{"a":{\n    "b": 2\n  }}'],
    ['to a list', '[\n    "a"\n]', { path: [1], value: 'b' }, '[\n    "a",\n    "b"\n]'],
  ])('adds an entry %s', (...[_where, before, edit, after]) => {
    expect(editJsonc(before, [edit])).toBe(after);
  });

  test.each(['{ "a": 1, "b": ', '{ a }', '['.repeat(100)])('leaves %j, which cannot be read, as it is', (broken) => {
    expect(editJsonc(broken, [{ path: ['a'], value: 2 }])).toBe(broken);
  });

  test('a changed element keeps the comments of the others', () => {
    const list = '{ "list": [\n  { "id": "a" }, // first\n  { "id": "b" } // second\n] }';
    expect(editJsonc(list, [{ path: ['list', 0, 'id'], value: 'c' }])).toBe(list.replace('"a"', '"c"'));
    expect(editJsonc(list, [{ path: ['list'], value: [{ id: 'b' }] }])).toBe('{ "list": [\n  { "id": "b" } // second\n] }');
  });

  test('any edits of any commented document give the value that they describe', () => {
    const name = fc.constantFrom('a', 'b', 'c', '7', 'x y', ',}', '//');
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(1, true, null, 'text', '/* , */', '"]'),
        fc.dictionary(name, tie('node'), { maxKeys: 4, noNullPrototype: true }),
        fc.array(tie('node'), { maxLength: 4 }),
      ),
    }));
    const fields = fc.dictionary(name, node, { maxKeys: 4, noNullPrototype: true });
    const trivia = fc.constantFrom('', ' ', '\n', '/* , " */', '// ] , "\n', '\r\n\t', '/**/ // x\n');
    const comment = (text: string, pieces: readonly string[]): string => {
      let at = 0;
      return text.replaceAll(
        /"(?:[^"\\]|\\.)*"|[[\]{},:]/g,
        (token) => `${pieces[at++ % pieces.length]}${token}${pieces[at++ % pieces.length]}`,
      );
    };
    fc.assert(
      fc.property(fields, fields, fc.array(trivia, { minLength: 1, maxLength: 9 }), (before, after, pieces) => {
        const text = comment(JSON.stringify(before), pieces);
        const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
        const edits = [...Object.entries(after), ...removed.map((key) => [key, undefined] as const)].map(([key, value]) => ({
          path: [key],
          value,
        }));
        expect(parseJsonc(editJsonc(text, edits))).toMatchObject({ problems: [], value: after });
        expect(
          editJsonc(
            text,
            Object.entries(before).map(([key, value]) => ({ path: [key], value })),
          ),
        ).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test('twenty thousand edits do not take the time of their product with the text', () => {
    const count = 20_000;
    const many = Object.fromEntries(Array.from({ length: count }, (_value, index) => [`k${index}`, { id: index }]));
    const edits = (value?: unknown): JsoncEdit[] => Object.keys(many).map((key) => ({ path: ['all', key], value }));
    expect(cpuMs(() => editJsonc('{"all":{}}', edits([1, 2])))).toBeLessThan(5_000);
    expect(cpuMs(() => editJsonc(`{"all":${JSON.stringify(many, null, 2)}}`, edits()))).toBeLessThan(5_000);
    expect(cpuMs(() => editJsonc('{\n}', [{ path: ['all'], value: Object.values(many) }]))).toBeLessThan(5_000);
  });
});
