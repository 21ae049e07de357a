/**
 * Properties over generated input. `XOPC_FUZZ_CASES` is the number of cases of each property (default: as many as `npm test` has time
 * for), `XOPC_TORTURE_SEED` the seed. `npm test` takes the same cases each time, `npm run torture` other ones. A failure prints seed, path and
 * the smallest failing case.
 */
import fc from 'fast-check';

const { XOPC_FUZZ_CASES: wanted, XOPC_TORTURE_SEED: seed } = process.env;
const firstSeed = Number(seed ?? 1);
/** A world that has taken this many cases is replaced: its lists grow, and with them each case. */
const BATCH = 5_000;
/** A failing case is made smaller until then; below the limit of a test, so that it is reported. */
const SHORT_LIMIT_MS = 50_000;

/**
 * Checks a property.
 * @param shortCases  how many cases `npm test` runs
 * @param make  makes the property, with the world that it needs
 * @throws the smallest failing case
 */
export async function fuzz<Case>(
  shortCases: number,
  make: () => fc.IAsyncProperty<Case> | fc.IProperty<Case> | Promise<fc.IAsyncProperty<Case>>,
): Promise<void> {
  const cases = wanted === undefined ? shortCases : Number(wanted);
  const limits = wanted === undefined ? { interruptAfterTimeLimit: SHORT_LIMIT_MS } : {};
  for (let done = 0; done < cases; done += BATCH) {
    await fc.assert(await make(), { numRuns: Math.min(BATCH, cases - done), seed: firstSeed + done, ...limits });
  }
}
