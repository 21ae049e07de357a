import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { findInCode, listFiles, readAllSources, readSource, type SourceFile } from './source-tree.js';

const sources = readAllSources();
const tests = listFiles('test', /\.(ts|mjs)$/).map(readSource);

/** Programs: what may end the process and write to its streams. */
const isEntryPoint = (path: string): boolean => /^bin\/|(^|\/)main\.tsx?$/.test(path);

const MAX_SOURCE_LINES = 300;
const MAX_TEST_LINES = 250;

const lineCount = (file: SourceFile): number => file.text.split('\n').length - 1;

function tooLong(files: readonly SourceFile[], limit: number): string[] {
  return files.filter((file) => lineCount(file) > limit).map((file) => `${file.path} has ${lineCount(file)} lines`);
}

test('no source file is longer than 300 lines, no test longer than 250', () => {
  expect(tooLong(sources, MAX_SOURCE_LINES)).toEqual([]);
  expect(tooLong(tests, MAX_TEST_LINES)).toEqual([]);
});

/** What only certain files may do. `code` excludes comments and strings. */
const RESERVED: readonly { what: string; pattern: RegExp; mayUse: (path: string) => boolean }[] = [
  { what: 'ending the process', pattern: /\bprocess\s*\.\s*(exit|reallyExit|abort)\b/, mayUse: isEntryPoint },
  { what: 'setting the exit code', pattern: /\bprocess\s*\.\s*exitCode\s*=[^=]/, mayUse: isEntryPoint },
  { what: 'console output', pattern: /\bconsole\s*\.\s*\w+\s*\(/, mayUse: isEntryPoint },
  {
    what: 'reading the environment',
    pattern: /\bprocess\s*\.\s*env\b/,
    mayUse: (path) => ['shared/node/process/env.ts', 'bin/setup.mjs', 'bin/build.mjs', 'bin/build-binary.mjs'].includes(path),
  },
  { what: 'switching off the compiler', pattern: /@ts-(ignore|nocheck|expect-error)/, mayUse: () => false },
  { what: 'leaving the type system', pattern: /:\s*any\b|\bas any\b|<any>|\bany\[\]/, mayUse: () => false },
  {
    what: 'switching off the linter for a file',
    pattern: /oxlint-disable(?!-next-line)|eslint-disable(?!-next-line)/,
    mayUse: () => false,
  },
  {
    // The others work in the background through their account's boundary.
    what: 'work of a channel that nobody awaits',
    pattern: /\bvoid\s+[\w.#]+\(|(?<!\.)\bset(Timeout|Interval)\(/,
    mayUse: (path) => !path.startsWith('daemon/worker/channels/') || path === 'daemon/worker/channels/http-post.ts',
  },
  { what: 'state at the top of a module', pattern: /^(export\s+)?(let|var)\s/, mayUse: isEntryPoint },
  {
    what: 'a mutable collection at the top of a module',
    pattern: /^(export\s+)?const\s+\w+[^=]*=\s*new (Map|Set|WeakMap|WeakSet)(<.*>)?\(\)/,
    mayUse: isEntryPoint,
  },
];

test.each(RESERVED)('$what is left to the files it is reserved for', ({ pattern, mayUse }) => {
  const withComments = pattern.source.startsWith('@ts') || pattern.source.startsWith('oxlint');
  const found = sources
    .filter(({ path }) => !mayUse(path))
    .flatMap((file) => findInCode(withComments ? { ...file, code: file.text } : file, pattern));
  expect(found).toEqual([]);
});

test('files have kebab-case names that say what is in them', () => {
  const odd = [...sources, ...tests]
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^[a-z0-9]+([.-][a-z0-9]+)*\.(ts|tsx|mts|mjs)$/.test(basename(path)) ||
        /^(utils?|helpers?|common|types|misc)\./.test(basename(path)),
    );
  expect(odd).toEqual([]);
});

/** A test may depend on what the machine is or has (`skipIf`, `runIf` with a condition), never on nobody having had the time. */
const UNREASONED_SKIP = /\b(test|it|describe)(\.\w+)*\.((skip|todo)\b|(skipIf|runIf)\((true|false|1|0)\))/;

test('no test is focused, skipped without a condition, or empty of a claim', () => {
  const forbidden = /\b(test|it|describe)\.only\b|\bxit\(|\bxdescribe\(|expect\(true\)|expect\(1\)/;
  const found = tests.flatMap((file) => [...findInCode(file, forbidden), ...findInCode(file, UNREASONED_SKIP)]);
  expect(found.filter((place) => !place.startsWith('test/guards/'))).toEqual([]);
});

test('every test file has tests, and they have sentences for titles', () => {
  const files = tests.filter(({ path }) => path.endsWith('.test.ts'));
  // A contract suite declares its tests in a function of the name describe….
  const empty = files.filter(({ code }) => !/\b(test|it)(\.\w+(\([^)]*\))?)*\(|\bdescribe[A-Z]\w+\(/.test(code)).map(({ path }) => path);
  const titles = files.flatMap(({ path, text }) =>
    [...text.matchAll(/\btest\(\s*'((?:[^'\\]|\\.)*)'/g)].map((match) => `${path}: ${match[1]}`),
  );
  expect(empty).toEqual([]);
  expect(titles.filter((title) => title.split(': ').slice(1).join(': ').trim().split(/\s+/).length < 3)).toEqual([]);
});

test('code and documents speak of the project only', () => {
  const documents = listFiles('docs', /\.md$/)
    .concat(listFiles('.', /^[A-Z]+\.md$/))
    .map(readSource);
  const foreign = /\bDESIGN\b|\b(risks|torture|style|ecosystem|PEERS)\.md\b|\/work\/|\/tmp\/briefs|\bintegrator\b|\bT\d\d\b(?!:)/;
  const found = [...sources, ...tests, ...documents]
    .filter(({ path }) => path !== 'test/guards/code.test.ts')
    .flatMap((file) => findInCode({ ...file, code: file.text }, foreign));
  expect(found).toEqual([]);
});
