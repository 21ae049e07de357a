/** docs/specification.md and docs/security.md: what they state names a test that exists, and every deviation has its reason. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './source-tree.js';

const read = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');
const cellsOf = (line: string): string[] => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''));
const [tables = '', deviations = ''] = read('specification.md').split('\n## Deviations\n');
const rows = tables
  .split('\n')
  .filter((line) => /^\| (?!statement|---)/.test(line))
  .map(cellsOf);

const TEST = /^`(test\/[\w./-]+\.test\.ts)` › (.+)$/;

/** Returns what is wrong with a reference to a test; undefined for a right one. */
function judge(reference: string): string | undefined {
  const [, file = '', title = ''] = TEST.exec(reference) ?? [];
  if (file === '' || !existsSync(join(root, file))) return `${reference}: no such file`;
  return readFileSync(join(root, file), 'utf8').includes(title) ? undefined : `${reference}: no such title`;
}

test('every statement says what the program does, and names tests that exist', () => {
  expect(rows.length).toBeGreaterThan(80);
  expect(rows.filter((cells) => cells.length !== 3 || cells.some((cell) => cell.trim() === ''))).toEqual([]);
  expect(rows.flatMap(([, , tests = '']) => tests.split('<br>').map(judge)).filter((problem) => problem !== undefined)).toEqual([]);
});

test('every defence against a threat names tests that exist', () => {
  const defences = read('security.md')
    .split('\n')
    .filter((line) => line.includes('test/') && line.startsWith('| '))
    .map(cellsOf);
  expect(defences.length).toBeGreaterThan(30);
  expect(defences.flatMap(([, , tests = '']) => tests.split('<br>').map(judge)).filter((problem) => problem !== undefined)).toEqual([]);
});

test('every deviation is argued, and belongs to a statement', () => {
  const argued = [...deviations.matchAll(/^(\d+)\. \*\*.+?\*\*/gm)].map(([, number]) => Number(number));
  const named = rows.flatMap(([, behaviour = '']) => [...behaviour.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)));
  expect(argued).toEqual(argued.map((_, index) => index + 1));
  expect([...new Set(named)].toSorted((a, b) => a - b)).toEqual(argued);
});
