import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffLines, mergeTexts } from '../../../shared/text/line-diff.js';

const marks = { same: ' ', removed: '-', added: '+' } as const;
const shown = (before: string, after: string): string[] =>
  diffLines(before, after, 2).map((line) => (line === undefined ? '…' : marks[line.kind] + line.text));

describe('a difference', () => {
  test('shows what changed with two lines around it', () => {
    expect(shown('a\nb\nc\nd\ne\nf\ng', 'a\nb\nc\nD\ne\nf\ng')).toEqual(['…', ' b', ' c', '-d', '+D', ' e', ' f', '…']);
    expect(shown('a', 'a')).toEqual([]);
    expect(shown('', 'a\nb')).toEqual(['-', '+a', '+b']);
  });

  test('changes that are near share the lines between them', () => {
    expect(shown('1\n2\n3\n4\n5', 'x\n2\n3\n4\ny')).toEqual(['-1', '+x', ' 2', ' 3', ' 4', '-5', '+y']);
  });

  test('whatever the texts, the new one is what is left without the removed lines, in full', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        const kinds = (...kept: string[]): string[] =>
          lines.flatMap((line) => (line !== undefined && kept.includes(line.kind) ? [line.text] : []));
        if (lines.includes(undefined)) return;
        if (before === after) expect(lines).toEqual([]);
        else {
          expect(kinds('same', 'added').join('\n')).toBe(after);
          expect(kinds('same', 'removed').join('\n')).toBe(before);
        }
      }),
    );
  });

  test('long texts that have nothing in common are shown too, at once', () => {
    const many = (letter: string): string => Array.from({ length: 4_000 }, (_value, index) => letter + index).join('\n');
    expect(diffLines(many('a'), many('b'))).toHaveLength(8_000);
  });
});

describe('two changes of one text', () => {
  const base = '1\n2\n3\n4\n5\n6';
  test.each([
    ['1\nX\n3\n4\n5\n6', '1\n2\n3\n4\n5\nY', '1\nX\n3\n4\n5\nY'],
    ['0\n1\n2\n3\n4\n5\n6', '1\n2\n3\n4\n5\n6\n7', '0\n1\n2\n3\n4\n5\n6\n7'],
    ['1\n2\n6', base, '1\n2\n6'],
    ['1\nX\n3\n4\n5\n6', '1\nX\n3\n4\n5\n6', '1\nX\n3\n4\n5\n6'],
    ['1\nX\n3\n4\n5\n6', '1\nY\n3\n4\n5\n6', undefined],
    ['1\n2\nX\n3\n4\n5\n6', '1\n2\nY\n3\n4\n5\n6', undefined],
    ['1\n6', '1\n2\n3\nZ\n5\n6', undefined],
  ])('%j and %j', (mine, theirs, merged) => {
    expect(mergeTexts(base, mine, theirs)).toBe(merged);
    expect(mergeTexts(base, theirs, mine)).toBe(merged);
  });
});
