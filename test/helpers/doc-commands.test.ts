import { describe, expect, test } from 'vitest';
import { parseCommands, parseDocument, tableRows } from './doc-commands.js';
import { beginsAsShown, isShown, withoutVarying } from './doc-output.js';

describe('a document', () => {
  test('is read as scenarios of commands with what they print', () => {
    const text =
      '# T\n\n## One\n\n<!-- stays -->\n```sh\na --b\nc # exit 3: why\n```\n```text\nout\n```\n\n<!-- skip: needs root -->\n```sh\nd\n```\n';
    expect(parseDocument(text)).toEqual([
      {
        title: 'One',
        steps: [
          {
            kind: 'commands',
            line: 6,
            stays: true,
            output: 'out',
            commands: [
              { text: 'a --b', exitCode: 0 },
              { text: 'c', exitCode: 3 },
            ],
          },
          { kind: 'skipped', line: 15, reason: 'needs root', text: 'd' },
        ],
      },
    ]);
  });

  test('may hide commands, set variables and name steps and files', () => {
    const text = '## A\n<!-- sh\nx\n-->\n<!-- env: N=1=2 -->\n<!-- do: that -->\n<!-- file: ~/f -->\n```json\n{}\n```\n';
    expect(parseDocument(text)[0]?.steps.map(({ line: _line, ...step }) => step)).toEqual([
      { kind: 'commands', commands: [{ text: 'x', exitCode: 0 }], output: undefined, stays: false },
      { kind: 'env', name: 'N', value: '1=2' },
      { kind: 'do', name: 'that' },
      { kind: 'block', language: 'json', text: '{}', path: '~/f' },
    ]);
  });

  test.each([
    ['a mark that nobody knows', '<!-- skp: x -->', /no mark/],
    ['a block without an end', '```sh\na', /is missing/],
    ['an exit code that is no number', '```sh\na # exit now\n```', /no exit code/],
  ])('with %s is refused', (_name, text, expected) => {
    expect(() => parseDocument(text)).toThrow(expected);
  });

  test('has commands that go over several lines', () => {
    expect(parseCommands('a \\\n  b\n\n# comment\nc')).toEqual([
      { text: 'a b', exitCode: 0 },
      { text: 'c', exitCode: 0 },
    ]);
  });

  test('has tables, of which those below a heading are read', () => {
    const text = '## A\n\n| k | v |\n|---|---|\n| `a` | 1 \\| 2 |\n\n## B\n\n| k |\n|---|\n| b |\n';
    expect(tableRows(text, 'A')).toEqual([['`a`', '1 \\| 2']]);
    expect(() => tableRows(text, 'C')).toThrow(/no heading/);
  });
});

describe('output', () => {
  test.each([
    ['a\nb', 'a\nb', true],
    ['a\nb', 'a\nc', false],
    ['a\nb', 'a\nb\nc', false],
    ['a\n…', 'a\nb\nc', true],
    ['a\n…\nc', 'a\nc', true],
    ['a\n…\nd', 'a\nb\nc', false],
    ['port … (78)', 'port 80 is taken (78)', true],
    ['port … (78)', 'port 80\nis taken (78)', false],
    ['a.c', 'abc', false],
  ])('shown as %j, printed as %j: %s', (shown, printed, expected) => {
    expect(isShown(shown, printed)).toBe(expected);
  });

  test('of a command that goes on has to begin as shown', () => {
    expect(beginsAsShown('a\nb', 'a\nb\nc')).toBe(true);
    expect(beginsAsShown('a\nb', 'a')).toBe(false);
  });

  test('differs from run to run only where it may', () => {
    const first = 'Gateway stopped (pid 12) in 0.1 s; "pid": 7, 2026-11-24 16:25:21.314 INFO abcdefgh...ijklmnop';
    const second = 'Gateway stopped (pid 99) in 12.0 s; "pid": 8, 2027-01-02 01:02:03.004 INFO 12345678...90123456';
    expect(withoutVarying(first)).toBe(withoutVarying(second));
    expect(withoutVarying('port 8080 is taken')).not.toBe(withoutVarying('port 8081 is taken'));
    expect(withoutVarying('exit code 1')).not.toBe(withoutVarying('exit code 2'));
  });
});
