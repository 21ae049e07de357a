/** `npm run torture`: makes the clone ready, then inflicts the faults of the catalogue round after round, and ends with a table of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../../bin/setup.mjs';
import { readTotals } from '../totals.mjs';
import { runVitest } from '../vitest.mjs';
import { describeOutcomes, makePlan, readArguments, USAGE } from './plan.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

async function inflict(run, { seed, report }) {
  const startedAt = performance.now();
  const env = { ...run.env, XOPC_TORTURE_ROUNDS: String(run.repeats), XOPC_TORTURE_SEED: String(seed) };
  const pattern = run.pattern === undefined ? [] : [`--testNamePattern=${run.pattern}`];
  const project = run.project === undefined ? [] : [`--project=${run.project}`];
  const tag = run.tag === undefined ? [] : [`--tags-filter=${run.tag}`];
  const { code, output, isEnded } = await runVitest([run.files, ...project, ...tag, ...pattern], {
    root,
    report,
    env,
    isQuiet: run.pattern !== undefined,
  });
  const { passed, failed, errors } = readTotals(report, code);
  if (failed > 0) process.stdout.write(output);
  const ran = passed + failed > 0;
  // A single test may need what is missing here; that nothing has a tag is a mistake.
  const isLost = !ran && run.tag !== undefined;
  const outcome = {
    id: run.id,
    must: run.must,
    rounds: ran ? run.repeats * run.faults : 0,
    failures: isLost ? 1 : Math.max(failed, Math.min(errors, run.repeats)),
    durationMs: performance.now() - startedAt,
  };
  const what = ran ? `${outcome.rounds} rounds, ${outcome.failures} failures` : 'cannot be run here';
  process.stdout.write(`${run.id}: ${run.files}: ${what}, ${Math.round(outcome.durationMs / 1_000)} s\n`);
  return { outcome, isEnded };
}

async function main() {
  const options = readArguments(process.argv.slice(2));
  if (options.isHelp) return process.stdout.write(USAGE);
  const plan = makePlan(options);
  if (!(await setUp(root))) return (process.exitCode = 1);
  const directory = mkdtempSync(join(tmpdir(), 'xopc-torture-'));
  const outcomes = [];
  try {
    for (const [index, run] of plan.entries()) {
      const { outcome, isEnded } = await inflict(run, { seed: options.seed, report: join(directory, `${index}.json`) });
      outcomes.push(outcome);
      if (isEnded) break;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  process.stdout.write(`\n${describeOutcomes(outcomes, options.seed)}\n`);
  process.exitCode = outcomes.some(({ failures }) => failures > 0) || outcomes.length < plan.length ? 1 : 0;
}

await main().catch((error) => {
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
});
