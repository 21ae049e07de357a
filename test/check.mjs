/**
 * `npm run check`: what each commit must pass. oxlint also reports the compiler's errors, so types are checked once, and
 * runs beside the tests, which wait at times. The output of a tool is printed when it ends.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../bin/setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const TOOLS = [
  ['oxfmt/bin/oxfmt', '--check'],
  ['oxlint/bin/oxlint', '--type-aware', '--type-check', '--deny-warnings'],
  ['vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'guards'],
];

/** @returns whether the tool succeeded */
function run([program, ...args]) {
  const child = spawn(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

const results = (await setUp(root)) ? await Promise.all(TOOLS.map(run)) : [false];
process.exitCode = results.every(Boolean) ? 0 : 1;
