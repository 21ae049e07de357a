/** Opens the SQLite database: the writer's connection, the reader's, and the schema that the code expects. */
import { Kysely } from 'kysely';
import { fileIdentity, prepareDatabaseFile, storeUnavailable } from './database-file.js';
import { LibsqlConnection } from './libsql-connection.js';
import { libsqlDialect } from './libsql-dialect.js';
import { inTransaction } from './libsql-transaction.js';
import { migrate, readHeader } from '../migrations/migrate.js';
import type { Migration } from '../migrations/migration.js';
import type { Queries, Schema } from '../schema.js';
import { type Transaction, transactionOf } from '../transaction.js';
import { WalSync } from './wal-sync.js';

/** How long opening waits for another worker's transaction before it fails. */
const BUSY_TIMEOUT_MS = 2_000;

/** Of 4 KiB. The log is written back into the database that often: a longer one writes a page once that changed many times. */
const CHECKPOINT_PAGES = 4_000;

/** An open database of any dialect. */
export interface OpenDatabase {
  /** Sees only what has been committed. */
  readonly reader: Transaction;
  /**
   * Runs `run` in a transaction for writing, after those before it. It may await nothing but its own statements.
   * @returns what `run` returns: when it survives a power loss; with `early` at the commit, for {@link synced} to follow
   * @throws what `run` throws, what keeps the transaction from beginning, or what undid all of it, such as a full disk
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>, options?: { readonly early?: boolean }): Promise<T>;
  /** Resolves when all that was committed before the call survives a power loss. @throws the system's error */
  synced(): Promise<void>;
  /** Whether the file in its place is still the one that was opened. */
  isInPlace(): boolean;
  /** Runs the migrations that builds before this one could not live with. */
  contract(): Promise<void>;
  close(): Promise<void>;
}

/** @throws STORE_UNAVAILABLE where a file system cannot share memory, which WAL needs; the driver's error otherwise */
function connect(path: string): LibsqlConnection {
  const connection = new LibsqlConnection(path);
  try {
    connection.run(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const [journal] = connection.run<{ journal_mode: string }>('pragma journal_mode = wal').rows;
    if (journal?.journal_mode !== 'wal') {
      throw storeUnavailable(path, 'its file system cannot keep a write-ahead log; a network file system is no place for it');
    }
    connection.exec('pragma synchronous = full');
    connection.run(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    connection.exec('pragma foreign_keys = on');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function assertUsable(path: string, connection: LibsqlConnection, newest: number): void {
  const { origin, version } = readHeader(connection);
  if (origin === 'foreign') throw storeUnavailable(path, 'it is the database of another program');
  if (version.minimumReader > newest) {
    throw storeUnavailable(
      path,
      `a newer xopc has changed it (schema ${version.version}, this one knows ${newest}); start that version, or restore a backup`,
    );
  }
}

/**
 * How a commit meets the disk: with `full` it waits until the log is synced, with `normal` it does not
 * (https://www.sqlite.org/pragma.html#pragma_synchronous). It is opened with `full`.
 */
function createDurability(connection: LibsqlConnection): { set(wanted: 'full' | 'normal'): void } {
  let current = 'full';
  return {
    set(wanted) {
      if (wanted !== current) connection.exec(`pragma synchronous = ${wanted}`);
      current = wanted;
    },
  };
}

/**
 * Opens (or makes) the database and runs the migrations that only expand.
 * @throws STORE_UNAVAILABLE when the place, the file's owner or its schema is wrong; the driver's error (see `classifyFault`) otherwise
 */
export async function openSqlite(path: string, migrations: readonly Migration[]): Promise<OpenDatabase> {
  prepareDatabaseFile(path);
  const identity = fileIdentity(path);
  const connection = connect(path);
  const writer: Queries = new Kysely<Schema>({ dialect: libsqlDialect(() => connection) });
  const reader: Queries = new Kysely<Schema>({ dialect: libsqlDialect(() => connect(path)) });
  let log: WalSync | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const close = async (): Promise<void> => {
    await running;
    log?.close();
    log = undefined;
    await Promise.all([reader.destroy(), writer.destroy()]);
  };
  try {
    assertUsable(path, connection, migrations.at(-1)?.version ?? 0);
    await migrate(writer, { connection, migrations, phase: 'expand' });
    log = new WalSync(path);
    // Who begins to write waits without holding the event loop; reads in WAL mode wait for nobody.
    connection.run('pragma busy_timeout = 0');
  } catch (error) {
    await close().catch(() => undefined);
    connection.close();
    throw error;
  }
  const durability = createDurability(connection);
  /** What uses the writer's connection, one after another: while a commit is under way a statement of another would hold the event loop. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = running.then(act);
    running = result.catch(() => undefined);
    return result;
  };
  return {
    reader: transactionOf(reader),
    transaction: (run, { early = false } = {}) =>
      inTurn(() => {
        durability.set(early ? 'normal' : 'full');
        return inTransaction(connection, () => run(transactionOf(writer)));
      }),
    synced: async () => log?.sync(),
    isInPlace: () => fileIdentity(path) === identity,
    contract: () =>
      inTurn(() => {
        durability.set('full');
        return migrate(writer, { connection, migrations, phase: 'all' });
      }),
    close,
  };
}
