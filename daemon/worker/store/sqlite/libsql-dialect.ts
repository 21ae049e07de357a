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
import type { LibsqlConnection, StatementResult } from './libsql-connection.js';
import { begin, rollback } from './libsql-transaction.js';

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

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await begin((connection as KyselyConnection).libsql);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    rollback((connection as KyselyConnection).libsql);
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
