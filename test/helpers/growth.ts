const ROUNDS = 5;

/** CPU time, which other processes of this machine do not lengthen as they do the time that passes. */
function cost(run: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...times);
}

const FACTOR = 16;

/**
 * Returns the exponent of the time's growth with the count: about 1 for linear time, 2 for quadratic time. Below 1.5 it is not quadratic:
 * the time of the small count may be off by a factor of four.
 */
export function growth(run: (count: number) => unknown, count: number): number {
  run(count);
  return (
    Math.log(
      cost(() => run(FACTOR * count)) /
        Math.max(
          1,
          cost(() => run(count)),
        ),
    ) / Math.log(FACTOR)
  );
}
