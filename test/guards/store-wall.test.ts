import { expect, test } from 'vitest';
import { findInCode, readAllSources, type SourceFile } from './source-tree.js';

const STORE = 'daemon/worker/store/';
const sources = readAllSources();
const outside = sources.filter(({ path }) => !path.startsWith(STORE));

/** Parts of the store that only the store may import, types counted. */
const PRIVATE = /^daemon\/worker\/store\/(?:schema|columns|prepare|engine|group-commit|dialect|sqlite\/|postgres\/|migrations\/)/;

/** Who opens a database, and what of. */
const OPENERS: Record<string, readonly string[]> = {
  'daemon/worker/create-store.ts': ['daemon/worker/store/sqlite/engine.ts'],
  'daemon/worker/lazy/database.ts': [
    'daemon/worker/store/postgres/copy-place.ts',
    'daemon/worker/store/postgres/engine.ts',
    'daemon/worker/store/postgres/inspect.ts',
    'daemon/worker/store/sqlite/copy-place.ts',
    'daemon/worker/store/sqlite/damage.ts',
    'daemon/worker/store/sqlite/database-copy.ts',
    'daemon/worker/store/sqlite/database-file.ts',
  ],
};

/** What statements can say to SQLite alone: its settings, its full-text index and its row ids. */
const SQLITE_WORDS = /\bpragma\b|\browid\b|\bmatch \$\{|\bmessages_search|\bsqlite_|\bvacuum\b|\bcreate (?:virtual|trigger)/i;

function importsMatching(files: readonly SourceFile[], isForbidden: (file: SourceFile, imported: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports
      .map(({ target, specifier }) => target ?? specifier)
      .filter((imported) => isForbidden(file, imported))
      .map((imported) => `${file.path} imports ${imported}`),
  );
}

test('outside the store nobody knows its tables, its query builder or its engine', () => {
  expect(outside.length).toBeGreaterThan(100);
  expect(importsMatching(outside, ({ path }, imported) => PRIVATE.test(imported) && OPENERS[path]?.includes(imported) !== true)).toEqual(
    [],
  );
  expect(importsMatching(outside, (_, imported) => /^(kysely|libsql|pg)(\/|$)/.test(imported))).toEqual([]);
});

test('outside the store a transaction is only passed on', () => {
  const opened = outside.filter(({ code }) => /\b(queriesOf|accessOf|transactionOf)\b/.test(code)).map(({ path }) => path);
  expect(opened).toEqual([]);
});

/** What statements can say to PostgreSQL alone. */
const POSTGRES_WORDS = /\bilike\b|\bpg_\w|\bstrpos\b|\bjsonb\b|::(?:text|bigint|int)\b|\bfor (?:update|share)\b/i;

test('PostgreSQL is known to store/postgres and the migrations alone', () => {
  const above = sources.filter(({ path }) => path.startsWith(STORE) && !/\/(postgres|migrations)\//.test(path));
  expect(importsMatching(above, (_, imported) => /\/store\/postgres\/|^pg$/.test(imported))).toEqual([]);
  expect(above.flatMap((file) => findInCode({ ...file, code: file.text }, POSTGRES_WORDS))).toEqual([]);
});

test('SQLite is known to store/sqlite and the migrations alone', () => {
  const above = sources.filter(({ path }) => path.startsWith(STORE) && !/\/(sqlite|postgres|migrations)\//.test(path));
  expect(above.length).toBeGreaterThan(10);
  expect(importsMatching(above, (_, imported) => /\/store\/sqlite\/|^libsql/.test(imported))).toEqual([]);
  expect(above.flatMap((file) => findInCode({ ...file, code: file.text }, SQLITE_WORDS))).toEqual([]);
});
