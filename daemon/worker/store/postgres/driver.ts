/**
 * The only file that knows the driver, `pg`, and its settings: one session, and a pool of sessions for reads. Its peculiarities end here:
 * numbers that come as texts, sessions that go on after a timeout, an `error` event that ends the process.
 */
import { createHash } from 'node:crypto';
import { Client, escapeLiteral, Pool, types } from 'pg';
import type { ClientBase, ClientConfig, QueryArrayResult, QueryResult } from 'pg';
import { decodeRow, toBindable } from '../text.js';
import type { StatementResult } from '../transaction.js';

/** How long a new connection may take. */
const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_MS = 5_000;
/** How long the server may work on a statement of a write. */
export const STATEMENT_TIMEOUT_MS = 10_000;
/** A worker that hangs in a write loses the transaction and its locks. */
export const IDLE_TIMEOUT_MS = 3_000;
/** How long a write waits for another worker's: longer, so that it does not fail because another worker hangs. */
export const LOCK_TIMEOUT_MS = 4_000;
/** How long an answer may take: longer, so that the server's own limit comes first. */
export const QUERY_TIMEOUT_MS = 12_000;
/** Number of reading sessions, and how long an idle one is kept: signing in takes longer than most reads. */
const READERS = 5;
const IDLE_MS = 300_000;

/** The connection, not the statement, has failed: whether the statement was run is not known. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'ConnectionLost';
  }
}

/** A read, or those that it waited for, took too long. The connection is not the cause, and a retry would take as long. */
export class ReadTimeout extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'ReadTimeout';
  }
}

/** A prepared statement is no longer known to the server, or its result has changed with the schema. It works now: without its name. */
export class StaleStatement extends Error {
  constructor(cause: unknown) {
    super('a prepared statement cannot be used any more', { cause });
    this.name = 'StaleStatement';
  }
}

/** SQLSTATE of an error of the server; undefined for any other. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error)) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the server ends the session, or lets it only read (25006, a standby): https://www.postgresql.org/docs/current/errcodes-appendix.html */
const endsSession = (state: string): boolean => /^(?:08|57P|25P0[34]|25006)/.test(state);

function toLost(error: unknown): unknown {
  if (error instanceof StaleStatement) return error;
  const state = sqlStateOf(error);
  return state === undefined || endsSession(state) ? new ConnectionLost(error) : error;
}

/** Returns a text as a literal. */
export const quote = (text: string): string => escapeLiteral(text);

const NUMBERS: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC]);

const settings = (url: string, timeoutMs: number): ClientConfig => ({
  connectionString: url,
  application_name: 'xopc',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  query_timeout: timeoutMs,
  types: {
    // Otherwise sums and counts arrive as texts; ours are below 2^53.
    getTypeParser: ((oid: number, format: 'text' | 'binary') =>
      NUMBERS.has(oid) && format !== 'binary' ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
  },
});

const toParameter = (value: unknown): unknown => (Array.isArray(value) ? value.map(toParameter) : toBindable(value));

function toResult<R>(result: QueryResult<Record<string, unknown>>): StatementResult<R> {
  // As on every engine, a statement that returns rows does not count them as changed.
  return { rows: result.rows.map((row) => decodeRow<R>(row)), changes: result.fields.length > 0 ? 0 : (result.rowCount ?? 0) };
}

/** A pooler has given the server's session to others, or a migration has changed the schema. */
const STALE_STATEMENT: ReadonlySet<string> = new Set(['26000', '42P05', '0A000']);

interface Statement {
  readonly text: string;
  readonly values: unknown[];
  readonly isPrepared: boolean;
}

/** Runs statements. Those of a store are prepared under names, until one is found to be stale. */
export class Preparing {
  #isNamed = true;
  /** By the text of the statement. */
  readonly #names = new Map<string, string>();

  /** @throws StaleStatement, after which none has a name */
  async run<R>(runner: Pick<Client, 'query'>, { text, values, isPrepared }: Statement): Promise<StatementResult<R>> {
    const name = isPrepared && this.#isNamed ? this.#nameOf(text) : undefined;
    try {
      return toResult<R>(await runner.query<Record<string, unknown>>({ text, values, name }));
    } catch (error) {
      // Also if another one, sent at the same time, has found it out first.
      if (name === undefined || !STALE_STATEMENT.has(sqlStateOf(error) ?? '')) throw error;
      this.#isNamed = false;
      throw new StaleStatement(error);
    }
  }

  #nameOf(sql: string): string {
    let name = this.#names.get(sql);
    if (name === undefined) this.#names.set(sql, (name = `x${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`));
    return name;
  }
}

export interface StatementOptions {
  /** The server keeps it prepared. */
  readonly isPrepared: boolean;
}

const processOf = (client: ClientBase): number | null => (client as unknown as { processID: number | null }).processID;

/** A dedicated session for one user at a time. Once lost, it cannot be used any more. */
export class Session {
  readonly #client: Client;
  readonly #preparing: Preparing;
  #isLost = false;

  private constructor(client: Client, preparing: Preparing) {
    this.#client = client;
    this.#preparing = preparing;
    // Without a listener, a session that the server ends would end this process.
    client.on('error', () => (this.#isLost = true));
    client.on('end', () => (this.#isLost = true));
  }

  /**
   * @param options.timeoutMs  0: none
   * @param options.pipeline  statements that are run at the same time are sent at once, without waiting for the answers of those before
   *   (https://node-postgres.com/features/pipelining)
   * @throws ConnectionLost
   */
  static async open(url: string, { preparing = new Preparing(), timeoutMs = QUERY_TIMEOUT_MS, pipeline = false } = {}): Promise<Session> {
    try {
      const client = new Client({ ...settings(url, timeoutMs), pipeline });
      const session = new Session(client, preparing);
      await client.connect();
      return session;
    } catch (error) {
      throw new ConnectionLost(error);
    }
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Calls `listener` once it is lost or closed, maybe more than once. */
  onLost(listener: () => void): void {
    this.#client.on('end', listener);
  }

  /** Calls `listener` with what is sent to the channels that this session listens to. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => listener(payload ?? ''));
  }

  /** The process id reported when this session began; behind a pooler, not that of the server. */
  get processId(): number | null {
    return processOf(this.#client);
  }

  /** @throws ConnectionLost, StaleStatement, or the server's error */
  run<R>(
    text: string,
    parameters: readonly unknown[] = [],
    { isPrepared }: StatementOptions = { isPrepared: false },
  ): Promise<StatementResult<R>> {
    const values = parameters.map(toParameter);
    return this.#guard(() => this.#preparing.run<R>(this.#client, { text, values, isPrepared }));
  }

  /** Runs statements without parameters, sent at once. @returns the command of the last one, and the number of rows that each returned */
  async exec(sql: string): Promise<{ readonly command: string; readonly rowCounts: readonly number[] }> {
    const answer = (await this.#guard(() => this.#client.query(sql))) as QueryArrayResult | QueryArrayResult[];
    const results = Array.isArray(answer) ? answer : [answer];
    return { command: results.at(-1)?.command ?? '', rowCounts: results.map(({ rows }) => rows.length) };
  }

  /** Ends the session at once, including running work: the server rolls back an open transaction. */
  destroy(): void {
    this.#isLost = true;
    const { connection } = this.#client as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
  }

  async close(): Promise<void> {
    this.#isLost = true;
    await this.#client.end().catch(() => undefined);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const lost = toLost(error);
      // After a timeout it would continue the statement and keep its locks.
      if (lost instanceof ConnectionLost) this.destroy();
      throw lost;
    }
  }
}

/** How long a read may take. */
export interface ReadLimits {
  /** Limit at the server, which then ends the statement. */
  readonly statementMs?: number;
  /** Limit until the answer: longer, so that the server's own limit comes first. */
  readonly answerMs?: number;
}

/** The server has ended the statement, or the driver has waited in vain: https://node-postgres.com/apis/client */
const isTimeout = (error: unknown): boolean =>
  sqlStateOf(error) === '57014' || (error instanceof Error && error.message === 'Query read timeout');

/** Sets no limit if a pooler shares the server's session with others: there only the client's limit applies. */
const BEGIN_READING = `select pg_is_in_recovery() as "isStandby",
  case when pg_backend_pid() = $2 then set_config('statement_timeout', $1, false) end`;

/** What the pool says after `connectionTimeoutMillis` when it has as many sessions as it may have, connected or not. */
const NO_SESSION = 'timeout exceeded when trying to connect';

/** Sessions for reads. Each statement may use another one. */
export class Readers {
  readonly #pool: Pool;
  /** Number of sessions in use. */
  #used = 0;
  readonly #preparing: Preparing;

  constructor(url: string, preparing: Preparing, { statementMs = STATEMENT_TIMEOUT_MS, answerMs = QUERY_TIMEOUT_MS }: ReadLimits = {}) {
    this.#preparing = preparing;
    this.#pool = new Pool({
      ...settings(url, answerMs),
      max: READERS,
      idleTimeoutMillis: IDLE_MS,
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, which its types do not say
      onConnect: async (client) => {
        const { rows } = await client.query<{ isStandby: boolean }>(BEGIN_READING, [`${statementMs}`, processOf(client)]);
        // It may lack what was written since, and would be read as long as it answers.
        if (rows[0]?.isStandby === true) throw new Error('the server is a standby, which can only be read');
      },
    });
    this.#pool.on('error', () => undefined);
    this.#pool.on('acquire', () => (this.#used += 1));
    this.#pool.on('release', () => (this.#used -= 1));
  }

  /**
   * Runs a read-only statement; repeats it when its session was lost.
   * @throws ReadTimeout, ConnectionLost, or the server's error
   */
  async run<R>(
    text: string,
    parameters: readonly unknown[] = [],
    { isPrepared }: StatementOptions = { isPrepared: false },
  ): Promise<StatementResult<R>> {
    const values = parameters.map(toParameter);
    for (let isRepeat = false; ; isRepeat = true) {
      try {
        // The pool drops a session that failed.
        return await this.#preparing.run<R>(this.#pool, { text, values, isPrepared });
      } catch (error) {
        if (error instanceof StaleStatement) continue;
        if (isTimeout(error) || this.#isBusy(error)) throw new ReadTimeout(error);
        const lost = toLost(error);
        if (isRepeat || !(lost instanceof ConnectionLost)) throw lost;
      }
    }
  }

  #isBusy(error: unknown): boolean {
    return this.#used > 0 && error instanceof Error && error.message === NO_SESSION;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
