/** Kysely's dialect over a `LibsqlConnection`. */
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import type { LibsqlConnection, StatementResult } from './libsql-connection.js';
import { isBusy } from './sqlite-errors.js';

/** How long a transaction waits for another process's before it fails, and how often it looks. */
const LOCK_WAIT_MS = 2_000;
const LOCK_LOOK_MS = 5;

/** Runs prepared statements on the open connection without Kysely's layers, which cost more than most statements. */
export class DirectAdapter extends SqliteAdapter {
  readonly #driver: LibsqlDriver;

  constructor(driver: LibsqlDriver) {
    super();
    this.#driver = driver;
  }

  /** @returns undefined when the connection is not open yet */
  runNow<R>(sql: string, parameters: readonly unknown[]): StatementResult<R> | undefined {
    return this.#driver.connection?.run<R>(sql, parameters);
  }
}

/** The connection as Kysely's layers take it. */
class KyselyConnection implements DatabaseConnection {
  readonly libsql: LibsqlConnection;

  constructor(libsql: LibsqlConnection) {
    this.libsql = libsql;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, insertId } = this.libsql.run<R>(sql, parameters);
    return { rows, numAffectedRows: BigInt(changes), insertId: BigInt(insertId) };
  }

  // oxlint-disable-next-line require-yield -- part of Kysely's interface; results here are bounded by a limit
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('the store reads pages, it does not stream');
  }
}

/** One connection, used by one caller at a time; who writes is serialised above (group commit), reads are single statements. */
class LibsqlDriver implements Driver {
  readonly #open: () => LibsqlConnection;
  #connection: KyselyConnection | undefined;

  constructor(open: () => LibsqlConnection) {
    this.#open = open;
  }

  get connection(): LibsqlConnection | undefined {
    return this.#connection?.libsql;
  }

  async init(): Promise<void> {}

  /** Opened at first use; a failed attempt is made again by the next one. */
  async acquireConnection(): Promise<KyselyConnection> {
    this.#connection ??= new KyselyConnection(this.#open());
    return this.#connection;
  }

  /**
   * At once for writing: a transaction that reads first and then wants to write could only fail. While another process
   * writes, this one looks again and again, so that the event loop goes on; SQLite's own waiting would hold it.
   */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    for (const giveUpAtMs = performance.now() + LOCK_WAIT_MS; ; await delay(LOCK_LOOK_MS)) {
      try {
        // Not prepared: one that found the file locked stays "in progress" until it is collected, and no commit works beside it.
        (connection as KyselyConnection).libsql.exec('begin immediate');
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAtMs) throw error;
      }
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** After a full disk or an I/O error SQLite has rolled back by itself. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#connection?.libsql.isInTransaction !== true) return;
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`savepoint "${name}"`));
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`rollback to "${name}"`));
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`release "${name}"`));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#connection?.libsql.close();
    this.#connection = undefined;
  }
}

/** @param open  makes the dialect's one connection, when it is first needed */
export function libsqlDialect(open: () => LibsqlConnection): Dialect {
  const driver = new LibsqlDriver(open);
  return {
    createAdapter: () => new DirectAdapter(driver),
    createDriver: () => driver,
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
