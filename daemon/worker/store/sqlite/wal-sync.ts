/**
 * Brings what was committed onto the disk without holding the event loop meanwhile, for who has something to do until
 * then: such a commit goes to the write-ahead log only, and is told of when the log was synced.
 * Source: https://www.sqlite.org/pragma.html#pragma_synchronous (in WAL mode this sync is what `normal` leaves out).
 */
import { closeSync, fdatasync, openSync, realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import { storeUnavailable } from './database-file.js';

const syncFile = promisify(fdatasync);

export class WalSync {
  readonly #path: string;
  readonly #descriptor: number;

  /**
   * @param path  of the database, which has been read: from then on the log is there until the database is closed.
   * Closing the log again ends no lock of SQLite's: it keeps none on it.
   */
  constructor(path: string) {
    this.#path = path;
    // Windows syncs only what may be written.
    this.#descriptor = openSync(`${realpathSync(path)}-wal`, 'r+');
  }

  /** Resolves when all that was committed before this call survives a power loss. @throws STORE_UNAVAILABLE */
  async sync(): Promise<void> {
    try {
      await syncFile(this.#descriptor);
    } catch (error) {
      throw storeUnavailable(this.#path, 'the disk reports an error, so what was written last may not survive a power loss', error);
    }
  }

  /** Nobody may be waiting for {@link sync} any more. */
  close(): void {
    closeSync(this.#descriptor);
  }
}
