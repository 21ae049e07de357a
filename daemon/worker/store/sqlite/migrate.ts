/** Brings an open SQLite database to the newest schema. The version is in the file's header, so that opening reads nothing else. */
import { type MigrateOptions, missingAfter, runMigration, type SchemaVersion, versionAfter } from '../migrations/migration.js';
import { LibsqlConnection } from './connection.js';
import { classifyFault } from './faults.js';
import { sqliteQueries } from './queries.js';
import { inTransaction } from './transactions.js';

/** `xopc` in ASCII: marks a file as ours (https://www.sqlite.org/fileformat.html, offset 68). */
const APPLICATION_ID = 0x78_6f_70_63;

/** The header has one number for the version; it holds both parts. */
const READER_FACTOR = 65_536;

/** The data in the header. */
export interface Header {
  readonly version: SchemaVersion;
  /** `new`: nothing has been created in it yet. `foreign`: another program's database. */
  readonly origin: 'ours' | 'new' | 'foreign';
}

async function pragma(connection: LibsqlConnection, name: string): Promise<number> {
  const { rows } = await connection.run<Record<string, number>>(`pragma ${name}`);
  return rows[0]?.[name] ?? 0;
}

/** Reads the header and the schema's first page. @throws the driver's error when they are unsound */
export async function readHeader(connection: LibsqlConnection): Promise<Header> {
  const packed = await pragma(connection, 'user_version');
  const version = { version: packed % READER_FACTOR, minimumReader: Math.floor(packed / READER_FACTOR) };
  const { rows } = await connection.run<{ count: number }>('select count(*) as count from sqlite_schema');
  if ((await pragma(connection, 'application_id')) === APPLICATION_ID) return { version, origin: 'ours' };
  return { version, origin: rows[0]?.count === 0 ? 'new' : 'foreign' };
}

/** Makes an empty file a database of ours that has no tables; the caller syncs it. */
export async function writeEmptyDatabase(path: string): Promise<void> {
  const connection = new LibsqlConnection(path);
  try {
    await connection.exec(`pragma synchronous = off; pragma journal_mode = off; pragma application_id = ${APPLICATION_ID}`);
  } finally {
    connection.close();
  }
}

/** Runs the migrations that are missing, in one transaction. */
export async function migrate(connection: LibsqlConnection, options: MigrateOptions): Promise<void> {
  if (missingAfter((await readHeader(connection)).version, options).length === 0) return;
  await inTransaction(connection, async () => {
    // Another worker may have run them while this one waited for the lock.
    let current = (await readHeader(connection)).version;
    for (const migration of missingAfter(current, options)) {
      await runMigration(migration, { db: sqliteQueries(connection), dialect: 'sqlite', place: options.place, classify: classifyFault });
      current = versionAfter(current, migration);
    }
    await connection.run(`pragma application_id = ${APPLICATION_ID}`);
    await connection.run(`pragma user_version = ${current.minimumReader * READER_FACTOR + current.version}`);
  });
}
