/**
 * One open database, and the only file that knows the driver, `libsql`. Its peculiarities end here: a boolean parameter
 * aborts the process, a missing one is NULL, a text is cut at U+0000, `get()` adds a property to rows.
 */
import Database from 'libsql';
import ThreadedDatabase from 'libsql/promise';
import type { StatementResult } from '../transaction.js';
import { decodeRow, toBindable } from '../text.js';

/** More statements than the code has; the least recently used ones go first. */
const MAX_CACHED_STATEMENTS = 200;

/** A parameter as the driver takes it. */
export type Bindable = string | number | bigint | Uint8Array | null;
type Row = Record<string, unknown>;

/** What the driver's two classes have in common; `run` and `get` are synchronous in both. */
interface Statement {
  readonly reader: boolean;
  run(values: Bindable[]): { readonly changes: number };
  get(values: Bindable[]): Row | undefined;
  all(values: Bindable[]): Row[] | Promise<Row[]>;
}

interface Prepared {
  readonly statement: Statement;
  /** Whether it returns rows. */
  readonly isReader: boolean;
}

interface Driver {
  prepare(sql: string): Statement | Promise<Statement>;
  exec(sql: string): unknown;
  close(): void;
}

export class LibsqlConnection {
  readonly #database: Driver;
  /** Prepared statements not in use: a statement that runs twice at the same time would mix its parameters and rows. */
  readonly #idle = new Map<string, Prepared>();

  /**
   * Opens a database, or creates it where there is none. With `isThreaded`, {@link exec} runs on a thread of the driver's, so that
   * a commit does not block the event loop while it waits for the disk; reading rows costs three times as much.
   * @throws the driver's error
   */
  constructor(path: string, { isThreaded = false } = {}) {
    // The types of the driver leave its statements open.
    this.#database = (isThreaded ? new ThreadedDatabase(path, {}) : new Database(path)) as Driver;
  }

  /** Runs one statement. */
  async run<R>(sql: string, parameters: readonly unknown[] = []): Promise<StatementResult<R>> {
    const values = parameters.map(toBindable);
    const prepared = this.#take(sql) ?? (await this.#prepare(sql));
    if (prepared.isReader) {
      const rows = await prepared.statement.all(values);
      this.#release(sql, prepared);
      return { rows: rows.map((row) => decodeRow<R>(row)), changes: 0 };
    }
    const { changes } = prepared.statement.run(values);
    this.#release(sql, prepared);
    return { rows: [], changes };
  }

  /** Runs one statement for its first row. */
  async first<R>(sql: string, parameters: readonly unknown[] = []): Promise<R | undefined> {
    const values = parameters.map(toBindable);
    const prepared = this.#take(sql) ?? (await this.#prepare(sql));
    const found = prepared.statement.get(values);
    this.#release(sql, prepared);
    if (found === undefined) return undefined;
    const { _metadata: _timing, ...row } = found;
    return decodeRow<R>(row);
  }

  /** Runs statements without parameters. Until it resolves, nothing else may use this connection. */
  async exec(sql: string): Promise<void> {
    await this.#database.exec(sql);
  }

  close(): void {
    this.#idle.clear();
    this.#database.close();
  }

  async #prepare(sql: string): Promise<Prepared> {
    const statement = await this.#database.prepare(sql);
    return { statement, isReader: statement.reader };
  }

  #take(sql: string): Prepared | undefined {
    const prepared = this.#idle.get(sql);
    this.#idle.delete(sql);
    return prepared;
  }

  /** Not called for a statement that failed: one that failed half-way would keep its read snapshot open. */
  #release(sql: string, prepared: Prepared): void {
    if (this.#idle.size >= MAX_CACHED_STATEMENTS) {
      const [oldest = ''] = this.#idle.keys();
      this.#idle.delete(oldest);
    }
    this.#idle.set(sql, prepared);
  }
}
