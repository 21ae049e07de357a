/**
 * The store as the services see it: read, write, and the truth about its health. It opens what it can, sets aside what
 * is unsound, waits for what is only in the wrong state, and answers UNAVAILABLE meanwhile. It never ends the worker.
 */
import { existsSync } from 'node:fs';
import type { Clock } from '../../../shared/clock.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { applyJournal, journalLength } from './sqlite/accept-journal.js';
import { findSetAside, setAside, storeUnavailable } from './sqlite/database-file.js';
import { type EarlyResult, GroupCommit, type JournaledWrite, type Write } from './group-commit.js';
import { probeWriting } from './leases.js';
import { MIGRATIONS } from './migrations/index.js';
import type { Migration } from './migrations/migration.js';
import { openSqlite, type OpenDatabase } from './sqlite/sqlite.js';
import { asCorrupt, classifyFault, describeFault, type StoreFault } from './sqlite/sqlite-errors.js';
import type { Transaction } from './transaction.js';

export interface StoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Whether no other worker lives: only then may the file be moved away from under everybody. */
  isSoleWorker(): boolean;
  /** Default: those of this build. */
  readonly migrations?: readonly Migration[];
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

export class Store {
  readonly #options: StoreOptions;
  readonly #commits: GroupCommit;
  #database: OpenDatabase | undefined;
  #opening: Promise<void> | undefined;
  /** Why the last attempt to open or to write failed; undefined while all is well. */
  #fault: GatewayError | undefined;
  /** The fault that the log has been told of. */
  #said: string | undefined;
  #setAsideAs: string | undefined;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: (() => void) | undefined;
  #isClosed = false;
  readonly #listeners: (() => void)[] = [];

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#commits = new GroupCommit(() => this.#writable());
  }

  /** Opens the database. Never rejects: what keeps it from opening is in {@link warnings}, and is tried again. */
  open(): Promise<void> {
    this.#opening ??= this.#attempt(() => this.#openFile().catch((error: unknown) => this.#openAfresh(error)));
    return this.#opening;
  }

  /** @throws UNAVAILABLE while the database cannot be used */
  async read<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      const { reader } = await this.#ready();
      await this.#applyJournal(reader);
      return await work(reader);
    } catch (error) {
      throw await this.#judge(error);
    }
  }

  /**
   * Runs `work` in a transaction that others may share. Resolves once it is on disk.
   * @throws UNAVAILABLE while the database cannot be used; whatever `work` throws, after undoing what it wrote
   */
  write<T>(work: Write<T>): Promise<T> {
    return this.#noteStored(this.#commits.submit(work));
  }

  /**
   * {@link write} for who can do something in the meantime: resolves at the commit, and `stored` when it is on disk. Until
   * then nobody outside may hear of it. @throws as {@link write}; `stored` rejects with UNAVAILABLE
   */
  async writeEarly<T>(work: Write<T>): Promise<EarlyResult<T>> {
    try {
      const { value, stored } = await this.#commits.submitEarly(work);
      return { value, stored: this.#noteStored(stored) };
    } catch (error) {
      throw await this.#judge(error);
    }
  }

  /** {@link write} for a write that may be journaled: in a burst it is, and whoever reads or writes anything has it applied first. */
  writeJournaled(write: JournaledWrite): Promise<void> {
    return this.#noteStored(this.#commits.submitJournaled(write));
  }

  async #noteStored<T>(stored: Promise<T>): Promise<T> {
    let value: T;
    try {
      value = await stored;
    } catch (error) {
      throw await this.#judge(error);
    }
    this.#noteSound();
    for (const listener of this.#listeners) listener();
    return value;
  }

  /** `listener` is called after each write that this worker has committed, before the writer hears of it. It must not throw. */
  onWritten(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Runs the migrations that only the one active worker may run. */
  async contract(): Promise<void> {
    if (this.#options.isSoleWorker()) await (await this.#ready()).contract();
  }

  /** A check of the whole file has found it unsound: it is set aside as if a read had. */
  async setAsideDamaged(damage: string): Promise<void> {
    await this.#commits.idle();
    await this.#recover(asCorrupt(damage), 'corrupt');
  }

  warnings(): StatusWarning[] {
    const warnings: StatusWarning[] = [];
    const { hint } = this.#fault ?? {};
    if (this.#fault !== undefined) {
      warnings.push({ code: 'STORE_UNAVAILABLE', message: this.#fault.message, ...(hint === undefined ? {} : { hint }) });
    }
    if (this.#setAsideAs !== undefined && existsSync(this.#setAsideAs)) {
      warnings.push({
        code: 'STORE_SET_ASIDE',
        message: `the database was damaged; it was kept as ${this.#setAsideAs} and a new, empty one is in use`,
        hint: `Put a backup back with 'xopc restore', or look into the copy with 'sqlite3 ${this.#setAsideAs} .recover'; this is said as long as the copy is there.`,
      });
    }
    return warnings;
  }

  /** Waits for the writes under way and closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry?.();
    await this.#opening;
    await this.#commits.idle();
    // A build before the journal would not find what is in it.
    if (this.#database !== undefined) await this.#applyJournal(this.#database.reader).catch(() => undefined);
    await this.#commits.idle();
    await this.#drop();
  }

  /** What was accepted is there for who looks for it. Where it cannot be applied now, what else there is can still be read. */
  async #applyJournal(reader: Transaction): Promise<void> {
    if ((await journalLength(reader)) > 0) await this.#commits.submit(applyJournal).catch(() => undefined);
  }

  async #attempt(open: () => Promise<OpenDatabase>): Promise<void> {
    const { path } = this.#options;
    try {
      this.#database = await open();
      this.#setAsideAs ??= findSetAside(path);
      this.#noteSound();
    } catch (error) {
      this.#fault = this.#toFault(error);
      this.#say(this.#fault, error);
      this.#retryLater(() => void this.open());
    } finally {
      this.#opening = undefined;
    }
  }

  /** @throws the error again, unless it says that the content is unsound */
  async #openAfresh(error: unknown): Promise<OpenDatabase> {
    if (classifyFault(error) !== 'corrupt') throw error;
    const { path, clock, logger } = this.#options;
    if (!this.#options.isSoleWorker()) {
      throw storeUnavailable(path, `it is damaged (${describeFault(error)}), and another worker still uses it`, error);
    }
    this.#setAsideAs = setAside(path, clock.now());
    logger.error({ path, copy: this.#setAsideAs, err: error }, 'the database is damaged: it was set aside and a new one made');
    return this.#openFile();
  }

  #openFile(): Promise<OpenDatabase> {
    const { path, migrations = MIGRATIONS } = this.#options;
    return openSqlite(path, migrations);
  }

  #retryLater(retry: () => void): void {
    if (this.#isClosed) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(this.#retryMs, retry);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  async #ready(): Promise<OpenDatabase> {
    await this.#opening;
    if (this.#database !== undefined) return this.#database;
    if (this.#fault !== undefined) throw this.#fault;
    throw storeUnavailable(this.#options.path, this.#isClosed ? 'the gateway is stopping' : 'it has not been opened yet');
  }

  /** A database that was deleted or replaced while it was open would take messages and lose them. */
  async #writable(): Promise<OpenDatabase> {
    const database = await this.#ready();
    if (database.isInPlace()) return database;
    this.#options.logger.error(
      { path: this.#options.path },
      'the database file was removed or replaced while it was open; opening what is there now',
    );
    await this.#drop();
    await this.open();
    return this.#ready();
  }

  async #drop(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  /** What a caller gets to see of an error; a fault of the file also starts the way back. */
  async #judge(error: unknown): Promise<Error> {
    const fault = classifyFault(error);
    const isOurs = error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE';
    if (fault === 'other' && !isOurs) return error instanceof Error ? error : new Error(String(error));
    const { message, hint } = await this.#recover(error, fault);
    return new GatewayError('UNAVAILABLE', { message, ...(hint === undefined ? {} : { hint }), cause: error });
  }

  async #recover(error: unknown, fault: StoreFault): Promise<GatewayError> {
    const reason = this.#toFault(error);
    if (this.#database === undefined || this.#opening !== undefined) return reason;
    this.#fault = reason;
    this.#say(reason, error);
    if (fault !== 'corrupt') {
      this.#retryLater(() => void this.write(probeWriting).catch(() => undefined));
      return reason;
    }
    // Opening as usual would find the header sound, so what is to be done about the rest is decided by this error.
    await this.#drop();
    this.#opening = this.#attempt(() => this.#openAfresh(error));
    await this.#opening;
    return reason;
  }

  /** Once: what lasts is in {@link warnings}. */
  #say(fault: GatewayError, error: unknown): void {
    if (this.#said === fault.message) return;
    this.#said = fault.message;
    this.#options.logger.error({ path: this.#options.path, err: error }, fault.message);
  }

  #noteSound(): void {
    if (this.#fault !== undefined) this.#options.logger.info({ path: this.#options.path }, 'the database can be used again');
    this.#fault = undefined;
    this.#said = undefined;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #toFault(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    return storeUnavailable(this.#options.path, describeFault(error), error);
  }
}
