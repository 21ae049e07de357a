/**
 * The store as the services see it: read, write, and its health. It opens the database if possible, sets aside a damaged one, waits
 * for one that is temporarily unusable, and answers UNAVAILABLE in the meantime. It never ends the worker.
 */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { Clock } from '../../../shared/clock.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { type OpenDatabase, type StoreEngine, type StoreFault, storeUnavailable } from './engine.js';
import { type EarlyResult, GroupCommit, type Write, type WriteItems } from './group-commit.js';
import { probeWriting } from './leases.js';
import { StoreHealth } from './store-health.js';
import type { Transaction } from './transaction.js';

export interface StoreOptions {
  readonly engine: StoreEngine;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Whether no other worker is alive; only then may a database be moved away. */
  isSoleWorker(): boolean;
}

/** Damage found by more than one read. */
class ConfirmedDamage extends Error {}

export class Store {
  readonly #options: StoreOptions;
  readonly #commits: GroupCommit;
  #database: OpenDatabase | undefined;
  /** The purpose of the last transaction. */
  #written: OpenDatabase | undefined;
  #opening: Promise<void> | undefined;
  readonly #health: StoreHealth;
  #isClosed = false;
  readonly #listeners: (() => void)[] = [];
  #publish: ((event: GatewayEvent) => void) | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#health = new StoreHealth(options);
    this.#commits = new GroupCommit({
      database: async () => {
        const database = await this.#writable();
        return { transaction: (run) => this.#commit(database, run) };
      },
      classify: (error) => options.engine.classify(error),
      publish: (event) => this.#publish?.(event),
    });
  }

  /** Opens the database. Never rejects: a failure is in {@link warnings} and is retried. */
  open(): Promise<void> {
    this.#opening ??= this.#attempt(() => this.#openInPlace().catch((error: unknown) => this.#openAfresh(error)));
    return this.#opening;
  }

  /** Runs `work` on the committed data. @throws UNAVAILABLE while the database cannot be used */
  async read<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let database: OpenDatabase | undefined;
    try {
      database = await this.#ready();
      return await work(database.reader);
    } catch (error) {
      throw await this.#handle(error, database);
    }
  }

  /**
   * Runs `work` in a transaction that others may share. Resolves once it is on disk.
   * @throws UNAVAILABLE while the database cannot be used; the error of `work`, after undoing its writes
   */
  write<T>(work: Write<T>): Promise<T> {
    return this.#noteStored(this.#commits.submit(work));
  }

  /**
   * Like {@link write}, for work that many callers submit with an item each: those that wait together are handed to one call of
   * `work`, in order. When that fails, each is run alone. @throws as {@link write}, and the item's own error
   */
  writeItem<Item, T>(work: WriteItems<Item, T>, item: Item): Promise<T> {
    return this.#noteStored(this.#commits.submitItem(work, item));
  }

  /**
   * Like {@link write}, but resolves before the commit, for a caller that has something else to do. Until `stored` resolves, reads
   * do not see the write, and nothing outside may learn of it. @throws as {@link write}; so does `stored`
   */
  async writeEarly<T>(work: Write<T>): Promise<EarlyResult<T>> {
    try {
      const { value, stored } = await this.#commits.submitEarly(work);
      return { value, stored: this.#noteStored(stored) };
    } catch (error) {
      throw await this.#handle(error, this.#written);
    }
  }

  /** Calls `listener` after each write that this worker has committed, before the writer continues. It must not throw. */
  onWritten(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Calls `publish` with the events recorded by committed writes, before the writer continues. It must not throw. */
  publishTo(publish: (event: GatewayEvent) => void): void {
    this.#publish = publish;
  }

  /** Runs the migrations that only the one active worker may run. */
  async contract(): Promise<void> {
    if (this.#options.isSoleWorker()) await (await this.#ready()).contract();
  }

  /** Sets aside a database that two checks of its whole content found damaged. */
  async setAsideDamaged(damage: string): Promise<void> {
    await this.#commits.idle();
    await this.#recover(new ConfirmedDamage(damage), 'corrupt', this.#database);
  }

  /** Returns what distinguishes the database from another one in the same place; undefined if there is none. */
  identity(): string | undefined {
    return this.#options.engine.identity();
  }

  /** Returns the size on disk in bytes; null if unknown. */
  readSize(): Promise<number | null> {
    return this.#options.engine.readSize();
  }

  /** Whether it can be read and written, as far as is known. */
  get isAvailable(): boolean {
    return this.#health.fault === undefined;
  }

  warnings(): StatusWarning[] {
    return [...this.#health.warnings(), ...(this.#database?.warnings ?? [])];
  }

  /** Writes the engine's log back to the data, so that a copy of the data alone is complete. */
  async checkpoint(): Promise<void> {
    await (await this.#ready()).checkpoint();
  }

  /** Checks that the database is still in place, for times without writes. Never rejects: failures are in {@link warnings}. */
  async watch(): Promise<void> {
    if (this.#database?.isInPlace() === false) await this.write(probeWriting).catch(() => undefined);
  }

  /** Waits for writes in progress, leaves everything where the next start expects it, and closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#health.stop();
    await this.#opening;
    await this.#commits.idle();
    try {
      if (this.#database?.isInPlace() === false) await this.#database.rescue();
      else if (this.#options.isSoleWorker()) await this.#database?.checkpoint();
    } catch (error) {
      this.#health.noteFault(error);
    }
    await this.#drop();
  }

  async #noteStored<T>(stored: Promise<T>): Promise<T> {
    let value: T;
    try {
      value = await stored;
    } catch (error) {
      throw await this.#handle(error, this.#written);
    }
    this.#health.noteSound();
    for (const listener of this.#listeners) listener();
    return value;
  }

  async #attempt(open: () => Promise<OpenDatabase>): Promise<void> {
    try {
      this.#database = await open();
      for (const { code, message } of this.#database.warnings ?? []) this.#options.logger.warn({ code }, message);
      this.#health.noteSetAside(this.#options.engine.findSetAside());
      this.#health.noteSound();
    } catch (error) {
      this.#health.noteFault(error);
      this.#health.retryLater(() => void this.open());
    } finally {
      this.#opening = undefined;
    }
  }

  #openInPlace(): Promise<OpenDatabase> {
    return this.#options.engine.open({ isAlone: this.#options.isSoleWorker() });
  }

  /** Recovers from a damaged database. @throws the error again for any other fault */
  #openAfresh(error: unknown): Promise<OpenDatabase> {
    const { engine } = this.#options;
    if (engine.classify(error) !== 'corrupt') throw error;
    return this.#replaceIfDamaged(error);
  }

  /** SQLite also reports a single failed read (EIO) as damage; damage that a second, complete read does not find is not in the file. */
  async #replaceIfDamaged(error: unknown): Promise<OpenDatabase> {
    const { engine, logger } = this.#options;
    if (error instanceof ConfirmedDamage || (await engine.findDamage()) !== null) return this.#replace(error);
    logger.warn({ path: engine.place, err: error }, 'reading the database failed, but all of it can be read now; it was opened again');
    return this.#openInPlace();
  }

  async #replace(damage: unknown): Promise<OpenDatabase> {
    const { engine, clock, logger } = this.#options;
    if (!this.#options.isSoleWorker()) {
      throw storeUnavailable(engine.place, `it is damaged (${engine.describe(damage)}), and another worker still uses it`, {
        cause: damage,
      });
    }
    const copy = await engine.setAside(clock.now());
    this.#health.noteSetAside(copy);
    logger.error(
      { path: engine.place, copy: copy.path, err: damage },
      'the database is damaged; it was set aside and a new one was created',
    );
    return this.#openInPlace();
  }

  async #ready(): Promise<OpenDatabase> {
    await this.#opening;
    if (this.#database !== undefined) return this.#database;
    if (this.#health.fault !== undefined) throw this.#health.fault;
    throw storeUnavailable(this.#options.engine.place, this.#isClosed ? 'the gateway is stopping' : 'it has not been opened yet');
  }

  async #writable(): Promise<OpenDatabase> {
    this.#written = await this.#ready();
    if (this.#written.isInPlace()) return this.#written;
    await this.#rescue(this.#written);
    return (this.#written = await this.#ready());
  }

  /** A write to files that were removed or replaced meanwhile is confirmed only once the content is back in place. */
  async #commit<T>(database: OpenDatabase, run: (tx: Transaction) => Promise<T>): Promise<T> {
    const value = await database.transaction(run);
    if (!database.isInPlace()) await this.#rescue(database);
    return value;
  }

  /** @throws while the content cannot be put back, which is tried again: nothing is stored until then */
  async #rescue(database: OpenDatabase): Promise<void> {
    const { engine, logger } = this.#options;
    if (!this.#options.isSoleWorker()) {
      throw storeUnavailable(engine.place, 'its files were removed or replaced while it was open, and another worker still uses it');
    }
    await database.rescue();
    logger.error({ path: engine.place }, 'the files of the database were removed or replaced while it was open; its content was put back');
    await this.#drop();
    await this.open();
    await this.#ready();
  }

  async #drop(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  /** Returns the error for the caller; a fault of the database also starts its recovery. */
  async #handle(error: unknown, database: OpenDatabase | undefined): Promise<Error> {
    const fault = this.#options.engine.classify(error);
    const isOurs = error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE';
    if (fault === 'other' && !isOurs) return error instanceof Error ? error : new Error(String(error));
    const { message, hint } = await this.#recover(error, fault, database);
    return new GatewayError('UNAVAILABLE', { message, ...(hint === undefined ? {} : { hint }), cause: error });
  }

  /** @param database  which one failed: an error of one that was replaced meanwhile says nothing about its successor */
  async #recover(error: unknown, fault: StoreFault, database: OpenDatabase | undefined): Promise<GatewayError> {
    if (database === undefined || database !== this.#database || this.#opening !== undefined) return this.#health.toFault(error);
    const reason = this.#health.noteFault(error);
    if (fault !== 'corrupt') {
      this.#health.retryLater(() => void this.write(probeWriting).catch(() => undefined));
      return reason;
    }
    await this.#drop();
    // Not opened first: the header may be sound, and the damage elsewhere.
    this.#opening = this.#attempt(() => this.#replaceIfDamaged(error));
    await this.#opening;
    return reason;
  }
}
