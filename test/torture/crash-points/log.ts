/** The log: its writer, and its rotation. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rotateLogs } from '../../../daemon/supervisor/logs/log-rotation.js';
import { LogFile } from '../../../shared/node/log/log-file.js';
import type { End, Operation } from './operation.js';

const FILES = 3;
const logPath = (root: string): string => join(root, 'logs', 'gateway.log');

function generations(root: string): string[] {
  const names = existsSync(join(root, 'logs')) ? readdirSync(join(root, 'logs')) : [];
  return names.toSorted((left, right) => right.localeCompare(left, 'en', { numeric: true }));
}

const linesIn = (root: string): string[] =>
  generations(root).flatMap((name) =>
    readFileSync(join(root, 'logs', name), 'utf8')
      .split('\n')
      .filter(Boolean),
  );

/** Every line that was told is there by itself, once; at most the one that was cut is not whole. */
function checkLines(root: string, { told }: Pick<End, 'told'>): string[] {
  const lines = linesIn(root);
  const problems = told
    .map((id) => ({ id, count: lines.filter((line) => line === JSON.stringify({ id })).length }))
    .filter(({ count }) => count !== 1)
    .map(({ id, count }) => `line ${String(id)} is there ${count} times`);
  const cut = lines.filter((line) => !line.endsWith('}'));
  if (cut.length > 1) problems.push(`lines are cut: ${cut.join(' | ')}`);
  return problems;
}

/** The oldest may be gone; what is left is in order, each once. */
function checkGenerations(root: string): string[] {
  const found = linesIn(root).map((line) => (JSON.parse(line) as { id: number }).id);
  const wanted = [1, 2, 3, 4].slice(-found.length);
  return found.length >= FILES && found.join() === wanted.join() ? [] : [`the generations are ${found.join()}`];
}

let written = 0;

export const operations: readonly Operation[] = [
  {
    name: 'log: write',
    prepare: () => undefined,
    async run(root, tell) {
      const file = new LogFile({ path: logPath(root), maxBytes: 65_536, role: 'worker', wantsRotation: () => undefined });
      for (let line = 0; line < 4; line += 1) {
        const id = `${process.pid}-${(written += 1)}-${'x'.repeat(40)}`;
        file.write(JSON.stringify({ id }));
        // A line that cannot be written is counted and reported, not thrown.
        if (readFileSync(logPath(root), 'utf8').includes(`${JSON.stringify({ id })}\n`)) tell(id);
      }
      file.close();
    },
    check: (root, end) => checkLines(root, end),
  },
  {
    name: 'log: rotate',
    prepare(root) {
      mkdirSync(join(root, 'logs'), { mode: 0o700 });
      const names = ['gateway.log.3', 'gateway.log.2', 'gateway.log.1', 'gateway.log'];
      for (const [index, name] of names.entries()) writeFileSync(join(root, 'logs', name), `${JSON.stringify({ id: index + 1 })}\n`);
    },
    run: async (root) => rotateLogs({ logPath: logPath(root), files: FILES }),
    check: checkGenerations,
    later: async () => undefined,
  },
];
