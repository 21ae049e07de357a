/** What is different between two texts, line by line, and the merging of two changes of one text. */

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Lines `from` to `to` (exclusive) of the old text became `lines`. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** Beyond this many comparisons the middle of the text counts as replaced as a whole. */
const MAX_CELLS = 4_000_000;

/** The longest run of common lines, as pairs of indices: the table is filled from the end. */
function commonLines(before: readonly string[], after: readonly string[]): [number, number][] {
  const width = after.length + 1;
  if (before.length * after.length > MAX_CELLS) return [];
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const isSame = before[row] === after[column];
      lengths[row * width + column] = isSame ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let row = 0, column = 0; row < before.length && column < after.length;) {
    if (before[row] === after[column]) pairs.push([row++, column++]);
    else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
  return pairs;
}

function changesBetween(before: readonly string[], after: readonly string[]): Change[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let cut = 0;
  const most = Math.min(before.length, after.length) - start;
  while (cut < most && before[before.length - 1 - cut] === after[after.length - 1 - cut]) cut += 1;
  const middle = commonLines(before.slice(start, before.length - cut), after.slice(start, after.length - cut));
  const pairs = [...middle.map(([old, now]) => [old + start, now + start] as const), [before.length - cut, after.length - cut] as const];
  const changes: Change[] = [];
  let [from, at] = [start, start];
  for (const [old, now] of pairs) {
    if (old > from || now > at) changes.push({ from, to: old, lines: after.slice(at, now) });
    [from, at] = [old + 1, now + 1];
  }
  return changes;
}

const CONTEXT = 2;

/** The changed lines with two around them; undefined where lines are left out. None where the texts are the same. */
export function diffLines(before: string, after: string): (DiffLine | undefined)[] {
  const old = before.split('\n');
  const changes = changesBetween(old, after.split('\n'));
  const shown: (DiffLine | undefined)[] = [];
  let next = 0;
  const same = (from: number, to: number): void => {
    for (const text of old.slice(from, to)) shown.push({ kind: 'same', text });
  };
  changes.forEach(({ from, to, lines }, index) => {
    const start = Math.max(next, from - CONTEXT);
    if (start > next) shown.push(undefined);
    same(start, from);
    for (const text of old.slice(from, to)) shown.push({ kind: 'removed', text });
    for (const text of lines) shown.push({ kind: 'added', text });
    next = Math.min(old.length, to + CONTEXT, changes[index + 1]?.from ?? Infinity);
    same(to, next);
  });
  if (changes.length > 0 && next < old.length) shown.push(undefined);
  return shown;
}

/** Both changes of `base` in one text; undefined where they touch the same lines. */
export function mergeTexts(base: string, mine: string, theirs: string): string | undefined {
  const old = base.split('\n');
  const own = changesBetween(old, mine.split('\n'));
  const others = changesBetween(old, theirs.split('\n'));
  const isSame = (left: Change, right: Change): boolean =>
    left.from === right.from && left.to === right.to && left.lines.join('\n') === right.lines.join('\n');
  const left = own.filter((change) => !others.some((other) => isSame(change, other)));
  // Side by side is too near: what is inserted at one place has no order.
  if (left.some((change) => others.some((other) => change.from <= other.to && other.from <= change.to))) return undefined;
  const merged = [...left, ...others].toSorted((one, two) => two.from - one.from);
  for (const { from, to, lines } of merged) old.splice(from, to - from, ...lines);
  return old.join('\n');
}
