/** Runs vitest for the runners `npm test` and `npm run torture`. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What ends a run early; its results so far are reported all the same. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm passes a signal to its shell alone, which ends without waiting for what it runs. */
const PARENT_LOOK_MS = 250;
/** A gateway starts a worker anew until it is gone itself. */
const LOOK_AGAIN_MS = 20;

function hasVariable(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${name}=1`);
  } catch {
    return false; // has ended meanwhile, or is not ours to look at
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Kills everything that has the variable in its environment: vitest leaves its forks alone when a signal ends it, and a gateway in the
 * background is nobody's child. Does nothing where there is no `/proc`.
 */
async function killMarked(name) {
  if (process.platform !== 'linux') return;
  for (;;) {
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && hasVariable(pid, name));
    if (left.length === 0) return;
    for (const pid of left) kill(Number(pid));
    await delay(LOOK_AGAIN_MS);
  }
}

/**
 * @param args  of `vitest run`
 * @param options.report  path for its JSON report
 * @param options.env  variables beside ours
 * @param options.isQuiet  whether its output is returned instead of printed
 * @param options.prefix  a command to run it with
 * @returns its exit code, its output where it is quiet, and whether a signal ended it, with everything that it has started
 */
export async function runVitest(args, { root, report, env = {}, isQuiet = false, prefix = [] }) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const [program, ...first] = [...prefix, process.execPath];
  // In the name, so that what is started below another run has both.
  const mark = `TESTS_OF_${randomUUID().replaceAll('-', '_')}`;
  const child = spawn(program, [...first, vitest, 'run', '--passWithNoTests', ...reporters, ...args], {
    cwd: root,
    env: { ...process.env, ...env, [mark]: '1' },
    stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const output = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  let isEnded = false;
  const end = () => {
    isEnded = true;
    // A browser that is under way keeps SIGHUP to itself.
    child.kill('SIGTERM');
  };
  for (const signal of SIGNALS) process.on(signal, end);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent || process.env.npm_lifecycle_event === undefined) return;
    clearInterval(watch);
    end();
  }, PARENT_LOOK_MS);
  try {
    // What is left may hold its output open.
    const emptied = once(child, 'exit').then(() => (isEnded ? killMarked(mark) : undefined));
    const [[code]] = await Promise.all([once(child, 'close'), emptied]);
    return { code: isEnded ? 1 : (code ?? 1), output: Buffer.concat(output).toString('utf8'), isEnded };
  } finally {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, end);
  }
}
