/** Brings an open SQLite database to the newest schema. The version is in the file's header, so that opening reads nothing else. */
import { sql } from 'kysely';
import type { LibsqlConnection } from '../sqlite/libsql-connection.js';
import type { Queries } from '../schema.js';
import { versionAfter, type Migration, type SchemaVersion } from './migration.js';

/** `xopc` in ASCII: marks a file as ours (https://www.sqlite.org/fileformat.html, offset 68). */
const APPLICATION_ID = 0x78_6f_70_63;

/** The header has one number for the version; it holds both parts. */
const READER_FACTOR = 65_536;

/** What the header says. */
export interface Header {
  readonly version: SchemaVersion;
  /** `new`: nothing has been made in it yet. `foreign`: another program's database. */
  readonly origin: 'ours' | 'new' | 'foreign';
}

function pragma(connection: LibsqlConnection, name: string): number {
  const [row] = connection.run<Record<string, number>>(`pragma ${name}`).rows;
  return row?.[name] ?? 0;
}

/** Reads the header and the schema's first page. @throws the driver's error when they are unsound */
export function readHeader(connection: LibsqlConnection): Header {
  const packed = pragma(connection, 'user_version');
  const version = { version: packed % READER_FACTOR, minimumReader: Math.floor(packed / READER_FACTOR) };
  const [schema] = connection.run<{ count: number }>('select count(*) as count from sqlite_schema').rows;
  if (pragma(connection, 'application_id') === APPLICATION_ID) return { version, origin: 'ours' };
  return { version, origin: schema?.count === 0 ? 'new' : 'foreign' };
}

async function runOne(db: Queries, options: { migration: Migration; connection: LibsqlConnection }): Promise<void> {
  const { migration, connection } = options;
  await db.transaction().execute(async (transaction) => {
    // Another worker may have run it while this one waited for the lock.
    const before = readHeader(connection).version;
    if (before.version >= migration.version) return;
    await migration.up(transaction);
    const after = versionAfter(before, migration);
    await sql.raw(`pragma application_id = ${APPLICATION_ID}`).execute(transaction);
    await sql.raw(`pragma user_version = ${after.minimumReader * READER_FACTOR + after.version}`).execute(transaction);
  });
}

/**
 * Runs what is missing, each migration in a transaction of its own.
 * @param options.phase  `expand` stops before the first contraction; `all` runs everything.
 */
export async function migrate(
  db: Queries,
  options: { connection: LibsqlConnection; migrations: readonly Migration[]; phase: 'expand' | 'all' },
): Promise<void> {
  const { version } = readHeader(options.connection).version;
  for (const migration of options.migrations) {
    if (migration.version <= version) continue;
    if (options.phase === 'expand' && migration.phase === 'contract') return;
    await runOne(db, { migration, connection: options.connection });
  }
}
