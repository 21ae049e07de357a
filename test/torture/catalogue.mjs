/** The catalogue of faults, read from README.md beside this file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ file: string, title: string, faults: number }} Shown  a test: `file` below test/ without `.test.ts`, `title` as in its source,
 *   `faults` is how often one run of it inflicts the fault
 * @typedef {{ id: string, must: boolean, missing: string | undefined, tests: Shown[] }} Fault  `missing`: what of it is not tested, and why
 */

/** @returns {Shown} */
function readTest(line) {
  const [, file, title, faults = '1'] = /^- (\S+): (.+?)(?: ×(\d+))?$/.exec(line) ?? [];
  if (file === undefined || title === undefined) throw new Error(`test/torture/README.md: '${line}' is not '- FILE: TITLE'`);
  return { file, title, faults: Number(faults) };
}

/** @returns {Fault[]} */
export function readFaults(text = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')) {
  return text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return {
        id: heading.replace(' ★', ''),
        must: heading.endsWith(' ★'),
        missing: lines.find((line) => line.startsWith('Not tested: ')),
        tests: lines.filter((line) => line.startsWith('- ')).map(readTest),
      };
    });
}

/**
 * Files that are run once, as they are or because they repeat by themselves; `project`: of vitest, where a file is in several; `tag`: only the tests
 * that have it; `onDemand`: only when they are named.
 */
export const LONG_RUNS = [
  { id: 'long', files: 'test/', tag: 'long', env: {}, onDemand: false },
  { id: 'fuzz', files: 'test/fuzz/', env: { XOPC_FUZZ_CASES: '100000' }, onDemand: false },
  { id: 'crash-points', files: 'test/torture/crash-points.test.ts', env: {}, onDemand: false },
  { id: 'hostile-host', files: 'test/torture/hostile-host.test.ts', env: {}, onDemand: false },
  { id: 'e2e-postgres', files: 'test/e2e/', project: 'e2e-postgres', env: { XOPC_POSTGRES: 'wide' }, onDemand: false },
  { id: 'clients', files: 'test/torture/clients/', env: {}, onDemand: true },
  { id: 'soak', files: 'test/torture/soak.test.ts', env: {}, onDemand: true },
];
