/**
 * `npm test`: makes the clone ready (packages, build), then runs every suite but torture, without the tests that are tagged `long`, and ends
 * with the totals of all of them on a line of its own, whatever happens. Further arguments go to vitest.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../bin/setup.mjs';
import { inMemory } from './memory.mjs';
import { addTotals, describeFailures, describeLong, describeTotals, readTotals } from './totals.mjs';
import { runVitest } from './vitest.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Suites that run side by side, then those that want the machine for themselves. */
const ROUNDS = [['unit', 'replacing', 'postgres', 'guards', 'fuzz'], ['scenarios'], ['e2e'], ['page']];
/** Node.js 20 reads these certificates whenever it starts, which takes longer than the start itself; no test needs them. */
const env = { NODE_EXTRA_CA_CERTS: undefined };
const BROKEN = { passed: 0, failed: 1, skipped: 0, long: 0, failures: [] };

/** @returns the totals of each round that was begun */
async function runRounds(rounds, args) {
  const directory = mkdtempSync(join(tmpdir(), 'xopc-test-'));
  // Short: paths of sockets have little room.
  const temporary = mkdtempSync(join(tmpdir(), 'xt'));
  const prefix = inMemory(temporary);
  const totals = [];
  try {
    for (const projects of rounds) {
      const report = join(directory, `${projects.join('-')}.json`);
      const selection = projects.flatMap((project) => ['--project', project]);
      const { code, isEnded } = await runVitest([...selection, '--tags-filter=!long', ...args], { root, report, prefix, env });
      totals.push(readTotals(report, code));
      if (isEnded) break;
    }
  } finally {
    for (const path of [directory, temporary]) rmSync(path, { recursive: true, force: true });
  }
  return totals;
}

async function main(argv) {
  return addTotals((await setUp(root)) ? await runRounds(ROUNDS, argv) : [BROKEN]);
}

const totals = await main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  return BROKEN;
});
process.stdout.write(`\n${describeFailures(totals)}${describeLong(totals)}\n${describeTotals(totals)}\n`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
