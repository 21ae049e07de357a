/** Compares two texts line by line, and merges two changes of one text. The owner of `diff`. */
import { diffArrays } from 'diff';

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Lines `from` to `to` (exclusive) of the old text became `lines`. */
interface Change {
  readonly from: number;
  to: number;
  readonly lines: string[];
}

/** Maximum number of edits, because the time grows with their square. Beyond it, the whole text counts as replaced. */
const MAX_EDITS = 2_000;

function changesBetween(before: string[], after: string[]): Change[] {
  const parts = diffArrays(before, after, { maxEditLength: MAX_EDITS });
  if (parts === undefined) return [{ from: 0, to: before.length, lines: after }];
  const changes: Change[] = [];
  let at = 0;
  let current: Change | undefined;
  for (const { added, removed, value, count } of parts) {
    if (!added) at += count;
    if (!added && !removed) {
      current = undefined;
      continue;
    }
    if (current === undefined) changes.push((current = { from: removed ? at - count : at, to: at, lines: [] }));
    current.to = at;
    if (added) current.lines.push(...value);
  }
  return changes;
}

/**
 * Returns the changed lines with `context` unchanged lines around them (default: all lines of the text), removed lines before added
 * ones; `undefined` stands for omitted lines. Empty if the texts are equal.
 */
export function diffLines(before: string, after: string, context = Infinity): (DiffLine | undefined)[] {
  const old = before.split('\n');
  const changes = changesBetween(old, after.split('\n'));
  const shown: (DiffLine | undefined)[] = [];
  let next = 0;
  const push = (kind: DiffLine['kind'], lines: readonly string[]): void => {
    for (const text of lines) shown.push({ kind, text });
  };
  changes.forEach(({ from, to, lines }, index) => {
    const start = Math.max(next, from - context);
    if (start > next) shown.push(undefined);
    push('same', old.slice(start, from));
    push('removed', old.slice(from, to));
    push('added', lines);
    next = Math.min(old.length, to + context, changes[index + 1]?.from ?? Infinity);
    push('same', old.slice(to, next));
  });
  if (changes.length > 0 && next < old.length) shown.push(undefined);
  return shown;
}

/** Returns `base` with both changes applied; undefined if they touch the same or neighbouring lines. */
export function mergeTexts(base: string, mine: string, theirs: string): string | undefined {
  const old = base.split('\n');
  const own = changesBetween(old, mine.split('\n'));
  const others = changesBetween(old, theirs.split('\n'));
  const isSame = (one: Change, other: Change): boolean =>
    one.from === other.from && one.to === other.to && one.lines.join('\n') === other.lines.join('\n');
  const left = own.filter((change) => !others.some((other) => isSame(change, other)));
  // Two insertions at one place have no order, so neighbouring changes conflict, too.
  if (left.some((change) => others.some((other) => change.from <= other.to && other.from <= change.to))) return undefined;
  const merged = [...left, ...others].toSorted((one, other) => other.from - one.from);
  for (const { from, to, lines } of merged) old.splice(from, to - from, ...lines);
  return old.join('\n');
}
