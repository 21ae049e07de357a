/**
 * Kysely's dialect over `libsql`, and the only file that knows the driver. Its peculiarities end here:
 * a boolean parameter aborts the process, a missing one is NULL, a text is cut at U+0000, `get()` adds a property to rows.
 */
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
import Database from 'libsql';
import { setTimeout as delay } from 'node:timers/promises';
import { isBusy } from './sqlite-errors.js';
import { decodeText, encodeText } from './text.js';

/** More statements than the code has; ad-hoc ones push each other out. */
const MAX_CACHED_STATEMENTS = 200;

/** How long a transaction waits for another process's before it fails, and how often it looks. */
const LOCK_WAIT_MS = 2_000;
const LOCK_LOOK_MS = 5;

type Bindable = string | number | bigint | Uint8Array | null;
type Row = Record<string, unknown>;

function toBindable(value: unknown): Bindable {
  if (typeof value === 'string') return encodeText(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint' || value === null || value instanceof Uint8Array) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`a ${typeof value === 'number' ? value : typeof value} cannot be a SQL parameter`);
}

interface PreparedSql {
  readonly statement: Database.Statement;
  /** Whether it gives rows. */
  readonly isReader: boolean;
}

/** The rows are the driver's own fresh objects, so they are changed in place. */
function decodeRow(row: Row): Row {
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value === 'string') row[name] = decodeText(value);
  }
  return row;
}

/** One open database. Every call is synchronous underneath: nothing else runs between a statement and its result. */
export class LibsqlConnection implements DatabaseConnection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, PreparedSql>();

  /** @throws the driver's error; opening creates a file where none is */
  constructor(path: string) {
    this.#database = new Database(path);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.run<R>(query.sql, query.parameters);
  }

  /** Runs one statement now. */
  run<R>(sql: string, parameters: readonly unknown[] = []): QueryResult<R> {
    const { statement, isReader } = this.#statement(sql);
    const values = parameters.map(toBindable);
    try {
      if (isReader) return { rows: statement.all(values).map((row) => decodeRow(row as Row)) as R[] };
      const { changes, lastInsertRowid } = statement.run(values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      // One that failed half-way would keep its read snapshot open.
      this.#statements.delete(sql);
      throw error;
    }
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  // oxlint-disable-next-line require-yield -- part of Kysely's interface; results here are bounded by a limit
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('the store reads pages, it does not stream');
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): PreparedSql {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, isReader: statement.reader };
    const [oldest] = this.#statements.keys();
    if (this.#statements.size >= MAX_CACHED_STATEMENTS && oldest !== undefined) this.#statements.delete(oldest);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/** Runs prepared statements on the open connection without Kysely's layers, which cost more than most statements. */
export class DirectAdapter extends SqliteAdapter {
  readonly #driver: LibsqlDriver;

  constructor(driver: LibsqlDriver) {
    super();
    this.#driver = driver;
  }

  /** @returns undefined when the connection is not open yet */
  runNow<R>({ sql, parameters }: CompiledQuery): QueryResult<R> | undefined {
    return this.#driver.connection?.run<R>(sql, parameters);
  }
}

/** One connection, used by one caller at a time; who writes is serialised above (group commit), reads are single statements. */
class LibsqlDriver implements Driver {
  readonly #open: () => LibsqlConnection;
  #connection: LibsqlConnection | undefined;

  constructor(open: () => LibsqlConnection) {
    this.#open = open;
  }

  get connection(): LibsqlConnection | undefined {
    return this.#connection;
  }

  async init(): Promise<void> {}

  /** Opened at first use; a failed attempt is made again by the next one. */
  async acquireConnection(): Promise<LibsqlConnection> {
    this.#connection ??= this.#open();
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
        (connection as LibsqlConnection).exec('begin immediate');
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
    if (this.#connection?.isInTransaction !== true) return;
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
    this.#connection?.close();
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
