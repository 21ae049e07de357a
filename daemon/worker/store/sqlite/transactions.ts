/** Runs transactions on the writing connection. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LibsqlConnection } from './connection.js';
import { classifyFault } from './faults.js';

/** How long a transaction waits for another process's before it fails, and how often it retries. */
const LOCK_WAIT_MS = 2_000;
const LOCK_POLL_MS = 5;

/**
 * Begins for writing at once, because a transaction that reads first and then writes could fail. SQLite's own waiting would pause
 * up to 100 ms between two tries, and lose the lock to others again and again.
 * @throws SQLITE_BUSY when the lock is not free within two seconds
 */
async function begin(connection: LibsqlConnection): Promise<void> {
  for (const giveUpAtMs = performance.now() + LOCK_WAIT_MS; ; await delay(LOCK_POLL_MS)) {
    try {
      // Not prepared: a prepared statement that found the file locked stays "in progress" and blocks every commit.
      await connection.exec('begin immediate');
      return;
    } catch (error) {
      if (classifyFault(error) !== 'busy' || performance.now() >= giveUpAtMs) throw error;
    }
  }
}

/**
 * Runs `run` in a transaction; one at a time. The commit waits for the disk on a thread of the driver's, not on the
 * event loop.
 * @throws what `run` throws, what keeps the transaction from beginning, or what undid all of it, such as a full disk
 */
export async function inTransaction<T>(connection: LibsqlConnection, run: () => Promise<T>): Promise<T> {
  await begin(connection);
  try {
    const result = await run();
    await connection.exec('commit');
    return result;
  } catch (error) {
    // After a full disk or an I/O error SQLite has rolled back by itself; what went wrong first is what counts.
    await connection.exec('rollback').catch(() => undefined);
    throw error;
  }
}
