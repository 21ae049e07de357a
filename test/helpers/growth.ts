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

/** Returns how many times longer four times the work takes: about 4 for linear time, 16 for quadratic time. */
export function growth(run: (count: number) => unknown, count: number): number {
  run(count);
  return (
    cost(() => run(4 * count)) /
    Math.max(
      1,
      cost(() => run(count)),
    )
  );
}
