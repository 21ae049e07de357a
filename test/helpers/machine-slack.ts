/** What a busy machine adds to the time that a command takes, measured now: limits are those of a machine at rest, plus this. */
import { spawnSync } from 'node:child_process';

/** A command starts the launcher and Node, asks another process, and waits for ends and answers of several more. */
const STARTS_PER_COMMAND = 10;

/** @param starts  as long as the start of so many Node processes @returns milliseconds; some 200 on a machine at rest */
export function machineSlackMs(starts = STARTS_PER_COMMAND): number {
  const times = [0, 1, 2].map(() => {
    const startedAt = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - startedAt;
  });
  return starts * Math.max(...times);
}

/**
 * Measures before and after, because one end of the work may find the machine at rest.
 * @returns what the work returned, and what the machine added to its time
 */
export async function withSlack<T>(work: () => Promise<T>, starts = STARTS_PER_COMMAND): Promise<{ outcome: T; slackMs: number }> {
  const beforeMs = machineSlackMs(starts);
  const outcome = await work();
  return { outcome, slackMs: Math.max(beforeMs, machineSlackMs(starts)) };
}
