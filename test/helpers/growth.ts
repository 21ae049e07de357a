import { cpuMs } from './cpu-time.js';

const ROUNDS = 5;
const FACTOR = 16;

const cost = (run: () => unknown): number => Math.max(0.001, cpuMs(run));

/**
 * Returns the exponent of the time's growth with the count: about 1 for linear time, 2 for quadratic time. What is compared takes as
 * long when the time is linear: the large count once, and the small one as often as it fits in. Below 1.5 it is not quadratic.
 */
export function growth(run: (count: number) => unknown, count: number): number {
  run(count);
  let large = Infinity;
  let small = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    large = Math.min(
      large,
      cost(() => run(FACTOR * count)),
    );
    small = Math.min(
      small,
      cost(() => {
        for (let time = 0; time < FACTOR; time += 1) run(count);
      }),
    );
  }
  return 1 + Math.log(large / small) / Math.log(FACTOR);
}
