/**
 * `npm test`: makes the clone ready (packages, build), then runs every suite but torture, and ends with the totals of
 * all of them on a line of its own. `--torture` runs that suite alone. Further arguments go to vitest.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../bin/setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Suites that run side by side, then those that want the machine for themselves. */
const ROUNDS = [['unit', 'component', 'guards'], ['scenarios'], ['e2e'], ['page']];
const TORTURE_ROUNDS = [['torture']];

function runVitest(projects, { report, args }) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const selection = projects.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', '--passWithNoTests', ...selection, ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Totals of one round. A run that failed without a failed test (an unhandled error, a file that does not load) counts as one failure. */
function readTotals(report, exitCode) {
  let result = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const brokenFiles = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = result.numFailedTests + brokenFiles;
  return {
    passed: result.numPassedTests,
    failed: exitCode === 0 ? failed : Math.max(failed, 1),
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

async function main(argv) {
  const isTorture = argv[0] === '--torture';
  const args = isTorture ? argv.slice(1) : argv;
  if (!(await setUp(root))) return 1;
  const directory = mkdtempSync(join(tmpdir(), 'xopc-test-'));
  const totals = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const projects of isTorture ? TORTURE_ROUNDS : ROUNDS) {
      const report = join(directory, `${projects.join('-')}.json`);
      const exitCode = await runVitest(projects, { report, args });
      const round = readTotals(report, exitCode);
      for (const key of Object.keys(totals)) totals[key] += round[key];
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
