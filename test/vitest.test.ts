import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from './helpers/eventually.js';
import { killHard } from './helpers/home-processes.js';
import { isAlive, root } from './helpers/real-gateway.js';
import { tempDir } from './helpers/temp-dir.js';

/** A test that starts what a gateway in the background is, with an environment of its own, and never ends. */
const ENDLESS = `import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
test('a test that never ends', { timeout: 0 }, async () => {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env: { ...process.env, HOME: '/' } });
  child.unref();
  writeFileSync('pids', \`\${process.pid} \${child.pid}\`);
  await new Promise(() => setInterval(() => undefined, 1000));
});`;

function makeProject(): string {
  const directory = tempDir();
  mkdirSync(join(directory, 'node_modules'));
  for (const name of ['vitest', 'vite', '@vitest']) symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  writeFileSync(join(directory, 'endless.test.mjs'), ENDLESS);
  const runner = `import { runVitest } from ${JSON.stringify(join(root, 'test', 'vitest.mjs'))};
const { isEnded } = await runVitest([], { root: process.cwd(), report: 'report.json', isQuiet: true });
process.exitCode = isEnded ? 7 : 0;`;
  writeFileSync(join(directory, 'runner.mjs'), runner);
  return directory;
}

/** Starts it and waits until the endless test runs. @returns the pids of what it has started */
async function startRun(command: readonly [string, ...string[]]) {
  const directory = makeProject();
  const [program, ...args] = command;
  const env = { ...process.env, npm_lifecycle_event: 'test' };
  const runner = spawn(program, args, { cwd: directory, stdio: 'ignore', env });
  onTestFinished(() => void runner.kill('SIGKILL'));
  const pids = await eventually(() => {
    const found = readFileSync(join(directory, 'pids'), 'utf8').split(' ').map(Number);
    expect(found).toHaveLength(2);
    return found;
  });
  onTestFinished(() => pids.forEach(killHard));
  expect(pids.map(isAlive)).toEqual([true, true]);
  return { runner, pids };
}

const isLinux = process.platform === 'linux';

test.runIf(isLinux).each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a run that %s ends leaves nothing that its tests have started',
  async (signal) => {
    const { runner, pids } = await startRun([process.execPath, 'runner.mjs']);
    runner.kill(signal);
    expect(await once(runner, 'exit')).toEqual([7, null]);
    expect(pids.map(isAlive)).toEqual([false, false]);
  },
);

test.runIf(isLinux)('a run whose shell npm has ended leaves nothing either', async () => {
  const { runner, pids } = await startRun(['sh', '-c', `"${process.execPath}" runner.mjs; true`]);
  runner.kill('SIGKILL');
  await eventually(() => expect(pids.map(isAlive)).toEqual([false, false]));
});
