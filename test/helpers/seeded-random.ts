/** Chance that is the same in every run, except that each round of `npm run torture` has a seed of its own. @returns a function that gives 0 ≤ x < 1 */
export function seededRandom(seed: number): () => number {
  let state = (seed + Number(process.env['XOPC_TORTURE_SEED'] ?? 0)) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
