import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffLines } from '../../../client/service/line-diff.js';

describe('the difference of two texts', () => {
  test.each([
    { before: 'a\nb\nc', after: 'a\nb\nc', lines: [] },
    { before: 'a\nb\nc', after: 'a\nx\nc', lines: ['- b', '+ x'] },
    { before: 'a\nc', after: 'a\nb\nc', lines: ['+ b'] },
    { before: 'a\nb\nc', after: 'a', lines: ['- b', '- c'] },
    { before: '', after: 'a', lines: ['- ', '+ a'] },
  ])('of $before and $after is $lines', ({ before, after, lines }) => {
    expect(diffLines(before, after)).toEqual(lines);
  });

  test('names exactly what has to go and to come, whatever the texts are', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before.join('\n'), after.join('\n'));
        const count = (all: readonly string[], line: string): number => all.filter((other) => other === line).length;
        for (const line of new Set([...before, ...after])) {
          expect(count(after, line) - count(before, line)).toBe(count(diff, `+ ${line}`) - count(diff, `- ${line}`));
        }
      }),
    );
  });
});
