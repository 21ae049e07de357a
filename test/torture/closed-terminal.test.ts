/** Terminals that are closed while a gateway is started from them. */
import { expect, test } from 'vitest';
import { processesOf } from '../helpers/home-processes.js';
import { launcher, RealGateway, runProcess, until } from '../helpers/real-gateway.js';
import { seededRandom } from '../helpers/seeded-random.js';

const ROUNDS = 20;
/** A start in the background takes about this long. */
const START_MS = 500;

test('a terminal that is closed at any moment of a start leaves one gateway or none, and the next start works', async () => {
  const random = seededRandom(5);
  const gateway = await RealGateway.create();
  for (let round = 0; round < ROUNDS; round += 1) {
    // `script` gives it a terminal of its own; its end hangs up everything in the session.
    const command = `exec ${launcher[0]} gateway --background`;
    const terminal = runProcess(['script', '-qec', command, '/dev/null'], [], { env: gateway.env, detached: true });
    await new Promise((resolve) => setTimeout(resolve, random() * START_MS));
    terminal.child.kill('SIGKILL');
    await terminal.done;
    const started = await gateway.xopc('gateway', 'start');
    // 5: the one from the terminal runs.
    expect([0, 5], started.stderr).toContain(started.code);
    await gateway.untilHealthy();
    await until('one supervisor', () => processesOf(gateway.home).filter(({ role }) => role === '@supervisor').length === 1);
    expect((await gateway.status()).pid).toBe(gateway.lock().pid);
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  }
});
