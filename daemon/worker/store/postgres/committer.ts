/**
 * A worker's only writing session: runs transactions one after another, and finds out the outcome of a commit whose answer was
 * lost.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createSerial } from '../../../../shared/serial.js';
import { storeUnavailable } from '../engine.js';
import type { StatementResult, Topic, Transaction } from '../transaction.js';
import { BEGIN, beginWriting, endSilentWriter } from './begin-writing.js';
import type { Membership } from './members/membership.js';
import {
  ConnectionLost,
  LOCK_TIMEOUT_MS,
  type Preparing,
  QUERY_TIMEOUT_MS,
  Session,
  sqlStateOf,
  StaleStatement,
  type StatementOptions,
} from './driver.js';
import { notifications } from './members/listener.js';
import { openAccess } from './queries.js';

/** How often a transaction that others undid, or whose connection was lost before the commit, is run. */
const MAX_RUNS = 3;
/** How long the outcome of a commit is looked for, and how often. */
const OUTCOME_LIMIT_MS = 15_000;
const OUTCOME_POLL_MS = 250;

/** Serialisation failure and deadlock: the same transaction works when it is run again. */
const TRANSIENT: ReadonlySet<string> = new Set(['40001', '40P01']);

/** The wait for the lock timed out. */
const NOT_LOCKED = '55P03';

/**
 * Runs the statements of a transaction whose `begin` has been sent but not answered: the server runs them in order, which saves a
 * round trip. An error of `begin` explains later errors.
 */
async function behind<T>(begun: Promise<void>, work: () => Promise<T>): Promise<T> {
  const done = work();
  const [first] = await Promise.allSettled([begun, done]);
  if (first.status === 'rejected') throw first.reason;
  return done;
}

export interface CommitterOptions {
  readonly url: string;
  readonly place: string;
  readonly membership: Pick<Membership, 'id' | 'lost'>;
  readonly preparing: Preparing;
  /** How long to wait for another writer. Default: 4 s. */
  readonly lockTimeoutMs?: number;
  /** How long to wait for the rest of another writer's statement. Default: as long as its client waits for the answer. */
  readonly silentMs?: number;
}

export class Committer {
  readonly #options: CommitterOptions;
  readonly #inOrder = createSerial();
  readonly #tx: Transaction;
  #session: Session | undefined;
  /** The row of the last batch whose outcome is known. */
  #settled = '';
  /** The row of a batch whose outcome could not be determined; its writer considered it failed. */
  #unknown: string | undefined;
  /** What the transaction has changed so far. */
  readonly #topics = new Set<Topic>();
  /** Why the transaction has to be run again. */
  #stale: StaleStatement | undefined;
  #isClosed = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#tx = openAccess(
      (sql, parameters, how) => this.#run(sql, parameters, how),
      (topic) => this.#topics.add(topic),
    );
  }

  /** See `OpenDatabase`. */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#inOrder(() => this.#transact(run));
  }

  /** Runs statements of the engine itself, in order with the transactions. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#inOrder(async () => work(await this.#connect()));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#inOrder(async () => this.#session?.close());
  }

  async #transact<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let runs = 1; ; runs += 1) {
      const id = randomUUID();
      let value: T;
      this.#topics.clear();
      this.#stale = undefined;
      try {
        const session = await this.#prepare();
        value = await behind(this.#begin(session, id), () => run(this.#tx));
      } catch (error) {
        await this.#undo();
        if (runs < MAX_RUNS && (await this.#worksAgain(error))) continue;
        throw error;
      }
      // From here on it is not run again, because its value may have been passed on.
      await this.#commit(id);
      return value;
    }
  }

  async #worksAgain(error: unknown): Promise<boolean> {
    if (error instanceof ConnectionLost) return !this.#isClosed;
    if (sqlStateOf(error) === NOT_LOCKED) return this.#endSilentWriter();
    return this.#stale !== undefined || TRANSIENT.has(sqlStateOf(error) ?? '');
  }

  /** @returns whether there was one; false also where the role may not end it */
  async #endSilentWriter(): Promise<boolean> {
    try {
      const { rows } = await (await this.#connect()).run(endSilentWriter(this.#options.silentMs ?? QUERY_TIMEOUT_MS));
      return rows.length > 0;
    } catch {
      return false;
    }
  }

  async #connect(): Promise<Session> {
    const { url, preparing } = this.#options;
    if (this.#session === undefined || this.#session.isLost) this.#session = await Session.open(url, { preparing, pipeline: true });
    return this.#session;
  }

  async #run<R>(sql: string, parameters: readonly unknown[], how: StatementOptions): Promise<StatementResult<R>> {
    if (this.#session === undefined) throw new Error('a statement was run outside of its transaction');
    // Otherwise a caller that goes back to a savepoint would blame a single write for it.
    if (this.#stale !== undefined) throw this.#stale;
    try {
      return await this.#session.run<R>(sql, parameters, how);
    } catch (error) {
      if (error instanceof StaleStatement) this.#stale = error;
      throw error;
    }
  }

  /** @throws STORE_UNAVAILABLE when this worker must end */
  async #prepare(): Promise<Session> {
    const { membership } = this.#options;
    if (this.#unknown !== undefined) {
      // It may hold messages, turns or leases that it does not know of; the next worker finds them.
      if (await this.#findOutcome(this.#unknown)) throw membership.lost('a write that this worker considered failed was stored');
      this.#unknown = undefined;
    }
    return this.#connect();
  }

  /** @throws STORE_UNAVAILABLE when this worker must end */
  async #begin(session: Session, id: string): Promise<void> {
    const { membership, lockTimeoutMs = LOCK_TIMEOUT_MS } = this.#options;
    const { rowCounts } = await session.exec(`${beginWriting({ lockTimeoutMs })} select id from instances where id = '${membership.id}';
      delete from commits where id = '${this.#settled}'; insert into commits (id) values ('${id}')`);
    if (rowCounts.at(-3) === 0) throw membership.lost();
  }

  async #undo(): Promise<void> {
    if (this.#session?.isLost === false) await this.#session.exec('rollback').catch(() => this.#session?.destroy());
  }

  async #commit(id: string): Promise<void> {
    const session = this.#session;
    // Nothing was committed. On another session a commit would succeed but mean nothing.
    if (session === undefined || session.isLost) throw new ConnectionLost('the connection was lost before the commit');
    try {
      const { command } = await session.exec(`${notifications(this.#options.membership.id, this.#topics)}commit`);
      if (command !== 'COMMIT') throw new Error('the transaction was undone: one of its statements had failed');
    } catch (error) {
      await this.#undo();
      if (!(error instanceof ConnectionLost)) throw error;
      if (!(await this.#wasCommitted(id, error))) throw error;
    }
    this.#settled = id;
  }

  /** Finds out the outcome of a commit whose answer was lost. @throws STORE_UNAVAILABLE when that takes too long */
  async #wasCommitted(id: string, lost: ConnectionLost): Promise<boolean> {
    this.#unknown = id;
    for (const giveUpAtMs = performance.now() + OUTCOME_LIMIT_MS; ; await delay(OUTCOME_POLL_MS)) {
      try {
        const wasCommitted = await this.#findOutcome(id);
        this.#unknown = undefined;
        return wasCommitted;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (performance.now() < giveUpAtMs && !this.#isClosed) continue;
        throw storeUnavailable(this.#options.place, 'the connection was lost during a commit: what was written last may be stored or not', {
          cause: lost,
        });
      }
    }
  }

  /**
   * Inserts the row of a batch itself, which waits for a transaction that still runs. After that, the batch either was committed or
   * never can be; the row tells which, however often it is checked. Merely reading would prove nothing.
   */
  async #findOutcome(id: string): Promise<boolean> {
    const session = await this.#connect();
    try {
      const { rowCounts } = await session.exec(`${BEGIN}; insert into commits (id, is_batch) values ('${id}', 0) on conflict do nothing;
        select id from commits where id = '${id}' and is_batch = 1; commit`);
      this.#settled = id;
      return rowCounts.at(-2) === 1;
    } catch (error) {
      await this.#undo();
      throw error;
    }
  }
}
