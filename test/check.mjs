/**
 * `npm run check`: what each commit must pass, without the slow unit tests (helpers/slow-tests.mts). oxlint also reports the
 * compiler's errors, so types are checked once, and runs beside the tests. The output of a tool is printed when it ends.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../bin/setup.mjs';
import { inMemory } from './memory.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const tool = (program, ...args) => [process.execPath, join(root, 'node_modules', program), ...args];

/** @returns whether the tool succeeded */
function run([program, ...args]) {
  const child = spawn(program, args, { cwd: root, env: { ...process.env, XOPC_QUICK_TESTS: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
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

async function check() {
  const temporary = mkdtempSync(join(tmpdir(), 'xt'));
  const tools = [
    tool('oxfmt/bin/oxfmt', '--check'),
    tool('oxlint/bin/oxlint', '--type-aware', '--type-check', '--deny-warnings'),
    // Two at a time import less than three, and the linter has the rest of a small machine.
    [...inMemory(temporary), ...tool('vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'guards', '--maxWorkers=2')],
  ];
  try {
    return (await Promise.all(tools.map(run))).every(Boolean);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

process.exitCode = (await setUp(root)) && (await check()) ? 0 : 1;
