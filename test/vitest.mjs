/** Runs vitest for the runners `npm test` and `npm run torture`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What ends a run early; its results so far are reported all the same. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * @param args  of `vitest run`
 * @param options.report  path for its JSON report
 * @param options.env  variables beside ours
 * @param options.isQuiet  whether its output is returned instead of printed
 * @param options.prefix  a command to run it with
 * @returns its exit code, its output where it is quiet, and whether a signal ended it
 */
export async function runVitest(args, { root, report, env = {}, isQuiet = false, prefix = [] }) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const [program, ...first] = [...prefix, process.execPath];
  const child = spawn(program, [...first, vitest, 'run', '--passWithNoTests', ...reporters, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const output = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  let isEnded = false;
  const pass = (signal) => {
    isEnded = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => SIGNALS.forEach((signal) => process.off(signal, pass)));
  return { code: isEnded ? 1 : (code ?? 1), output: Buffer.concat(output).toString('utf8'), isEnded };
}
