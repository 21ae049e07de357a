/** The catalogue of faults names tests that exist, and what is run of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONG_RUNS, readFaults } from '../torture/catalogue.mjs';
import { describeOutcomes, makePlan, readArguments } from '../torture/plan.mjs';
import { listFiles, root } from './source-tree.js';

const FAULTS = readFaults();

const pathOf = (file: string): string => join(root, 'test', `${file}.test.ts`);

function isTitleIn(file: string, title: string): boolean {
  if (!existsSync(pathOf(file))) return false;
  const quoted = ["'", '"', '`'].map((quote) => `${quote}${title}${quote}`);
  const text = readFileSync(pathOf(file), 'utf8');
  return quoted.some((literal) => text.includes(literal));
}

test('every test of the catalogue exists under its title', () => {
  const shown = FAULTS.flatMap(({ id, tests }) => tests.map(({ file, title }) => ({ id, file, title })));
  expect(shown.filter(({ file, title }) => !isTitleIn(file, title))).toEqual([]);
});

test('every fault has an id of its own, and a test or the reason why it has none', () => {
  const ids = [...FAULTS, ...LONG_RUNS].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(FAULTS.filter(({ tests, missing }) => tests.length === 0 && missing === undefined)).toEqual([]);
  expect(FAULTS.filter(({ must, tests }) => must && tests.length === 0)).toEqual([]);
});

test('every torture test is in the catalogue', () => {
  const named = [...FAULTS.flatMap(({ tests }) => tests.map(({ file }) => `test/${file}.test.ts`)), ...LONG_RUNS.map(({ files }) => files)];
  expect(
    listFiles('test/torture', /\.test\.ts$/).filter(
      (path) => !named.some((name) => path === name || (name.endsWith('/') && path.startsWith(name))),
    ),
  ).toEqual([]);
});

describe('what is run', () => {
  const text =
    '# Faults\n\n### killed ★\n\nWhat. Expected: that.\n\n- e2e/crash: with %s: (a.b) ×8\n\n### late\n\n- e2e/cron: comes late\n';
  const soak = { id: 'soak', files: 'test/torture/soak.test.ts', env: {}, onDemand: true };
  const catalogue = { faults: readFaults(text), longRuns: [soak] };
  const plan = (...argv: string[]) => makePlan(readArguments(argv), catalogue);

  test('without a name is all but what has to be named, in rounds that reach 100 or 10', () => {
    expect(plan().map(({ id, repeats }) => [id, repeats])).toEqual([
      ['killed', 13],
      ['late', 10],
    ]);
  });

  test('by name is a fault, a file, what must never fail, or a long run with its minutes', () => {
    expect(plan('cron').map(({ id }) => id)).toEqual(['late']);
    const longRuns = [{ ...soak, id: 'kill' }, soak];
    expect(makePlan(readArguments(['kill']), { ...catalogue, longRuns }).map(({ id }) => id)).toEqual(['kill']);
    expect(plan('must', '--rounds', '8')).toMatchObject([{ id: 'killed', repeats: 1, faults: 8 }]);
    expect(plan('soak', '--minutes', '3')).toMatchObject([{ id: 'soak', env: { XOPC_TORTURE_MINUTES: '3' } }]);
    expect(() => plan('nothing')).toThrow("no fault and no test is called 'nothing'");
    expect(() => plan('--rounds', '0')).toThrow('--rounds must be a whole number');
  });

  test('is selected by a pattern that takes a title literally, with anything for its placeholders', () => {
    const [run] = plan('killed');
    expect(new RegExp(run?.pattern ?? '').test('a fault with everything: (a.b)')).toBe(true);
    expect(new RegExp(run?.pattern ?? '').test('a fault with everything: (a-b)')).toBe(false);
  });

  test('is reported as one line a fault', () => {
    const outcome = { id: 'killed', must: true, rounds: 8, failures: 1, durationMs: 1_500 };
    expect(describeOutcomes([outcome, outcome], 7).split('\n').at(-1)).toMatch(/^killed\s+★\s+16\s+2\s+3\.0 s\s+7$/);
  });
});
