/** What a run of `npm run torture` consists of. */
import { parseArgs } from 'node:util';
import { LONG_RUNS, readFaults } from './catalogue.mjs';

const ROUNDS = 10;
const MUST_ROUNDS = 100;
const DEFAULT_MINUTES = 30;

export const USAGE = `Usage: npm run torture -- [--rounds N] [--seed N] [--minutes N] [NAME ...]

Without a name everything is run but the soak test and the clients: ${MUST_ROUNDS} rounds of each fault that must never fail, ${ROUNDS} of the others; that takes hours.
A name is a fault's id, or a part of ids and of test files: killed, soak, clients, fuzz, crash-points, delivery. "must" is all that must never fail.

  --rounds N   as many rounds of each fault
  --seed N     of the random choices (default: a new one)
  --minutes N  of the soak test (default: ${DEFAULT_MINUTES})
`;

/** @returns the number @throws with what is wrong */
function readNumber(name, text, fallback) {
  if (text === undefined) return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw new Error(`--${name} must be a whole number from 1 on, not '${text}'`);
  return Number(text);
}

/** @throws with what is wrong */
export function readArguments(argv) {
  const options = { rounds: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' }, help: { type: 'boolean' } };
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  return {
    names: positionals,
    isHelp: values.help === true,
    rounds: readNumber('rounds', values.rounds, undefined),
    seed: readNumber('seed', values.seed, 1 + Math.floor(Math.random() * 999_999)),
    minutes: readNumber('minutes', values.minutes, DEFAULT_MINUTES),
  };
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** What vitest's `-t` wants; placeholders of test.each stand for anything. */
const patternOf = (title) =>
  title
    .split(/%[sij]|\$\w+/)
    .map(escape)
    .join('.*');

function testsOf({ id, must, tests }, rounds = must ? MUST_ROUNDS : ROUNDS) {
  return tests.map(({ file, title, faults }) => ({
    id,
    must,
    files: `test/${file}.test.ts`,
    pattern: patternOf(title),
    repeats: Math.ceil(rounds / faults),
    faults,
    env: {},
  }));
}

function longRun({ id, files, project, tag, env }, { minutes }) {
  return {
    id,
    must: false,
    files,
    project,
    tag,
    pattern: undefined,
    repeats: 1,
    faults: 1,
    env: { ...env, XOPC_TORTURE_MINUTES: String(minutes) },
  };
}

const isFaultNamed = ({ id, must, tests }, name) =>
  (name === 'must' && must) || id.includes(name) || tests.some(({ file }) => file.includes(name));

/**
 * @returns the runs of vitest, in order: of `files`, the tests that match `pattern` (all without one), `repeats` times, each of which inflicts the
 *   fault `faults` times @throws when a name is unknown
 */
export function makePlan({ names, rounds, minutes }, { faults, longRuns } = { faults: readFaults(), longRuns: LONG_RUNS }) {
  const isLongNamed = ({ id }, name) => id.includes(name);
  const unknown = names.find((name) => !faults.some((row) => isFaultNamed(row, name)) && !longRuns.some((row) => isLongNamed(row, name)));
  if (unknown !== undefined) throw new Error(`no fault and no test is called '${unknown}'`);
  const isAll = names.length === 0;
  // A whole id names nothing else: `clients` is part of the name of a fault, too.
  const ids = new Set([...faults, ...longRuns].map(({ id }) => id));
  const isNamed = (row, isPart) => names.some((name) => (ids.has(name) ? row.id === name : isPart(row, name)));
  return [
    ...faults.filter((row) => isAll || isNamed(row, isFaultNamed)).flatMap((row) => testsOf(row, rounds)),
    ...longRuns.filter((row) => (isAll ? !row.onDemand : isNamed(row, isLongNamed))).map((row) => longRun(row, { minutes })),
  ];
}

const seconds = (ms) => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;

/** One line a fault. @param outcomes  of each run: `{ id, must, rounds, failures, durationMs }`; none were run where `rounds` is 0 */
export function describeOutcomes(outcomes, seed) {
  const ids = [...new Set(outcomes.map(({ id }) => id))];
  const rows = ids.map((id) => {
    const own = outcomes.filter((outcome) => outcome.id === id);
    const sum = (key) => own.reduce((total, outcome) => total + outcome[key], 0);
    const mark = own[0].must ? '★' : '';
    return [id, mark, String(sum('rounds')), String(sum('failures')), seconds(sum('durationMs')), String(seed)];
  });
  const table = [['fault', '', 'rounds', 'failures', 'time', 'seed'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
