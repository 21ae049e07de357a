/** Opens the SQLite database: the writer's connection, the reader's, and the schema that the code expects. */
import { constants } from 'node:fs';
import { finalPath } from '../../../../shared/node/files/final-path.js';
import { canAccess } from '../../../../shared/node/files/if-present.js';
import { createSerial } from '../../../../shared/serial.js';
import { type OpenDatabase, storeUnavailable } from '../engine.js';
import type { Migration } from '../migrations/migration.js';
import { transactionOf } from '../transaction.js';
import { LibsqlConnection } from './connection.js';
import { placeRescued, prepareDatabaseFile } from './database-file.js';
import { classifyFault } from './faults.js';
import { rowParameters, sqliteQueries } from './queries.js';
import { messageSearch } from './message-search.js';
import { migrate, readHeader } from './migrate.js';
import { OpenFiles } from './open-files.js';
import { rescueContent } from './rescue.js';
import { inTransaction } from './transactions.js';

/** How long opening waits for another worker's transaction before it fails. */
const BUSY_TIMEOUT_MS = 2_000;

/** Pages of 4 KiB. A longer log is written back less often, and writes a page that changed many times only once. */
const CHECKPOINT_PAGES = 4_000;

/** @throws STORE_UNAVAILABLE if the file system does not support shared memory, which WAL needs; the driver's error otherwise */
async function connect(path: string, options: { isThreaded: boolean }): Promise<LibsqlConnection> {
  const connection = new LibsqlConnection(path, options);
  try {
    await connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const { rows } = await connection.run<{ journal_mode: string }>('pragma journal_mode = wal');
    if (rows[0]?.journal_mode !== 'wal') {
      throw storeUnavailable(path, 'its file system does not support a write-ahead log; use a local one instead of a network file system');
    }
    await connection.exec(`pragma synchronous = full; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}; pragma foreign_keys = on`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * When opening the shared memory for writing fails, if only once (EMFILE, EIO), SQLite opens it for reading only, and keeps it so
 * while a connection is open. On a read-only file system, reading remains possible.
 * @throws the driver's error, so that the database is opened again
 */
async function assertWritable(path: string, connection: LibsqlConnection): Promise<void> {
  try {
    await connection.exec('begin immediate; rollback');
  } catch (error) {
    if (classifyFault(error) !== 'busy' && canAccess(`${finalPath(path)}-shm`, constants.W_OK)) throw error;
  }
}

async function assertUsable(path: string, connection: LibsqlConnection, newest: number): Promise<void> {
  const { origin, version } = await readHeader(connection);
  if (origin === 'foreign') throw storeUnavailable(path, 'it belongs to another program');
  if (version.minimumReader > newest) {
    throw storeUnavailable(
      path,
      `it was changed by a newer xopc (schema ${version.version}, this one knows ${newest}); start that version, or restore a backup`,
    );
  }
}

function openAccess(connection: LibsqlConnection) {
  return transactionOf({
    queries: sqliteQueries(connection),
    search: messageSearch,
    rows: rowParameters,
    async runAll(statements) {
      for (const { sql, parameters } of statements) await connection.run(sql, parameters);
    },
    run: (sql, parameters) => connection.run(sql, parameters),
    first: (sql, parameters) => connection.first(sql, parameters),
  });
}

/**
 * Opens (or creates) the database and runs the migrations that only expand.
 * @param options.isAlone  whether no other worker may have it open
 * @throws STORE_UNAVAILABLE when the place, the file's owner or its schema is wrong; the driver's error (see `classifyFault`) otherwise
 */
export async function openSqlite(path: string, migrations: readonly Migration[], { isAlone = true } = {}): Promise<OpenDatabase> {
  await prepareDatabaseFile(path, isAlone);
  const connection = await connect(path, { isThreaded: true });
  let reading: LibsqlConnection;
  try {
    await assertUsable(path, connection, migrations.at(-1)?.version ?? 0);
    await migrate(connection, { migrations, phase: 'expand', place: path });
    await assertWritable(path, connection);
    reading = await connect(path, { isThreaded: false });
    // The writer waits for locks by itself (transactions.ts); reads in WAL mode never wait.
    await connection.exec('pragma busy_timeout = 0');
  } catch (error) {
    connection.close();
    throw error;
  }
  const tx = openAccess(connection);
  const files = new OpenFiles(path);
  /** Serializes uses of the writer's connection. */
  const inOrder = createSerial();
  return {
    reader: openAccess(reading),
    transaction: (run) => inOrder(() => inTransaction(connection, () => run(tx))),
    isInPlace: () => files.areInPlace(),
    rescue: () =>
      inOrder(async () => {
        await rescueContent(connection, path);
        await placeRescued(finalPath(path), files.database);
      }),
    checkpoint: () => inOrder(() => connection.exec('pragma wal_checkpoint(truncate)')),
    contract: () => inOrder(() => migrate(connection, { migrations, phase: 'all', place: path })),
    close: () =>
      inOrder(async () => {
        reading.close();
        connection.close();
      }),
  };
}
