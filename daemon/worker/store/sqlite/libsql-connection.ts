/**
 * One open database, and the only file that knows the driver, `libsql`. Its peculiarities end here: a boolean parameter
 * aborts the process, a missing one is NULL, a text is cut at U+0000, `get()` adds a property to rows.
 */
import Database from 'libsql';
import AsyncDatabase from 'libsql/promise';
import { decodeText, encodeText } from './text.js';

/** More statements than the code has; ad-hoc ones push each other out. */
const MAX_CACHED_STATEMENTS = 200;

/** A parameter as the driver takes it. */
export type Bindable = string | number | bigint | Uint8Array | null;
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

/** What a statement has given. */
export interface StatementResult<R> {
  readonly rows: R[];
  /** How many rows it has changed; 0 for one that gives rows. */
  readonly changes: number;
  /** The integer primary key of the last row that was inserted. */
  readonly insertId: number;
}

/** Every call but one is synchronous: nothing else runs between a statement and its result. */
export class LibsqlConnection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, PreparedSql>();

  /** @throws the driver's error; opening creates a file where none is */
  constructor(path: string) {
    this.#database = new Database(path);
  }

  /** Runs one statement now. */
  run<R>(sql: string, parameters: readonly unknown[] = []): StatementResult<R> {
    const { statement, isReader } = this.#statement(sql);
    const values = parameters.map(toBindable);
    try {
      if (isReader) return { rows: statement.all(values).map((row) => decodeRow(row as Row)) as R[], changes: 0, insertId: 0 };
      const { changes, lastInsertRowid } = statement.run(values);
      return { rows: [], changes, insertId: Number(lastInsertRowid) };
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

  /**
   * Runs statements without parameters on a thread of the driver's, for those that wait for the disk or take long. Until
   * it resolves nothing else may be asked of this connection: it would wait, and the event loop with it.
   */
  execAside(sql: string): Promise<void> {
    // Both of the driver's classes keep the open database in `db`, so what one can do goes for that of the other.
    return AsyncDatabase.prototype.exec.call(this.#database, sql) as Promise<void>;
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
