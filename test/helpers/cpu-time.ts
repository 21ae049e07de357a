/** Milliseconds of the processor that `run` takes: other processes of this machine do not lengthen them as they do the time that passes. */
export function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
