/** How long the command line takes, compared with an empty Node program of the same moment. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { launcher, RealGateway } from '../helpers/real-gateway.js';

const RUNS = 200;

function timeOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const startedAt = performance.now();
  const { status } = spawnSync(command, args, { env, stdio: 'ignore' });
  expect(status).toBe(0);
  return performance.now() - startedAt;
}

test('of 200 runs of status the slowest twentieth starts at no more than four times an empty program', async () => {
  const gateway = await RealGateway.start();
  const env = { ...process.env, ...gateway.env };
  const ratios = Array.from({ length: RUNS }, () => {
    const empty = timeOf(process.execPath, ['-e', '0'], env);
    return timeOf(launcher[0], ['gateway', 'status'], env) / empty;
  }).toSorted((a, b) => a - b);
  expect(ratios[Math.floor(RUNS * 0.95)]).toBeLessThan(4);
});
