/** Suggestions for mistyped names. */

/** Optimal string alignment distance: inserts, deletes, replacements and swaps of neighbours each count one. */
export function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const replaced = (previous[column - 1] ?? 0) + (isSame ? 0 : 1);
      let best = Math.min((current[column - 1] ?? 0) + 1, (previous[column] ?? 0) + 1, replaced);
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap) best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** Names that differ in more than a third of their letters are not suggested. Longer input is not compared at all. */
const MAX_COMPARED_LENGTH = 100;

/** @returns the most similar candidate, ignoring case, or undefined when none is similar enough */
export function closestMatch(input: string, candidates: Iterable<string>): string | undefined {
  if (input.length > MAX_COMPARED_LENGTH) return undefined;
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(input.toLowerCase(), candidate.toLowerCase());
    const limit = Math.max(1, Math.floor(Math.max(input.length, candidate.length) / 3));
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}
