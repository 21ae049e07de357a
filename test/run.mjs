/**
 * `npm test`: makes the clone ready (packages, build), then runs every suite but torture, and ends with the totals of
 * all of them on a line of its own, whatever happens. `--torture` runs that suite alone. Further arguments go to vitest.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../bin/setup.mjs';
import { addTotals, describeFailures, describeTotals, readTotals } from './totals.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Suites that run side by side, then those that want the machine for themselves. */
const ROUNDS = [['unit', 'component', 'guards'], ['scenarios'], ['e2e'], ['page']];
const TORTURE_ROUNDS = [['torture']];
const BROKEN = { passed: 0, failed: 1, skipped: 0, failures: [] };
/** What ends a run early; it is told of all the same. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const ended = { early: false };

function runVitest(projects, { report, args }) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const selection = projects.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', '--passWithNoTests', ...selection, ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const pass = (signal) => {
    ended.early = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(ended.early ? 1 : (code ?? 1)));
  }).finally(() => SIGNALS.forEach((signal) => process.off(signal, pass)));
}

/** @returns the totals of each round that was begun */
async function runRounds(rounds, args) {
  const directory = mkdtempSync(join(tmpdir(), 'xopc-test-'));
  const totals = [];
  try {
    for (const projects of rounds) {
      const report = join(directory, `${projects.join('-')}.json`);
      totals.push(readTotals(report, await runVitest(projects, { report, args })));
      if (ended.early) break;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return totals;
}

async function main(argv) {
  const isTorture = argv[0] === '--torture';
  const args = isTorture ? argv.slice(1) : argv;
  const rounds = (await setUp(root)) ? await runRounds(isTorture ? TORTURE_ROUNDS : ROUNDS, args) : [BROKEN];
  return addTotals(rounds);
}

const totals = await main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  return BROKEN;
});
process.stdout.write(`\n${describeFailures(totals)}\n${describeTotals(totals)}\n`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
