import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ErrorCode, ERRORS } from '../../shared/errors.js';
import { readAllSources, root } from './source-tree.js';

const codes = Object.keys(ERRORS) as ErrorCode[];

/** Rows of the tables in docs/errors.md: code, HTTP status, exit code, whether to try again. */
const documented = [
  ...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (\d+) \| (yes|no) \|/gm),
].map(([, code, status, exitCode, retryable]) => ({
  code,
  status: Number(status),
  exitCode: Number(exitCode),
  retryable: retryable === 'yes',
}));

test('docs/errors.md lists every code of the registry, with its status and exit code, and no other', () => {
  const expected = codes.map((code) => ({
    code,
    status: ERRORS[code].status,
    exitCode: ERRORS[code].exitCode,
    retryable: ERRORS[code].retryable,
  }));
  const byCode = (a: { code?: string | undefined }, b: { code?: string | undefined }): number => ((a.code ?? '') < (b.code ?? '') ? -1 : 1);
  expect(documented.toSorted(byCode)).toEqual(expected.toSorted(byCode));
});

test('every code is raised somewhere', () => {
  const raising = readAllSources().filter(({ path }) => path !== 'shared/errors.ts');
  const unused = codes.filter((code) => !raising.some(({ text }) => text.includes(`'${code}'`)));
  expect(unused).toEqual([]);
});

test('every code that the source raises is in the registry', () => {
  const raised = readAllSources().flatMap(({ path, text }) =>
    [...text.matchAll(/new GatewayError\(\s*'([^']+)'/g)].map((match) => ({ path, code: match[1] ?? '' })),
  );
  expect(raised.filter(({ code }) => !Object.hasOwn(ERRORS, code))).toEqual([]);
});
