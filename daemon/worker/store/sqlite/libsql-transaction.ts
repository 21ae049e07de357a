/** Transactions on the connection that writes: Kysely's cost more than the statements of a short one. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LibsqlConnection } from './libsql-connection.js';
import { isBusy } from './sqlite-errors.js';

/** How long a transaction waits for another process's before it fails, and how often it looks. */
const LOCK_WAIT_MS = 2_000;
const LOCK_LOOK_MS = 5;

/**
 * At once for writing: a transaction that reads first and then wants to write could only fail. While another process
 * writes, this one looks again and again, so that the event loop goes on; SQLite's own waiting would hold it.
 * @throws SQLITE_BUSY when that lasts
 */
export async function begin(connection: LibsqlConnection): Promise<void> {
  for (const giveUpAtMs = performance.now() + LOCK_WAIT_MS; ; await delay(LOCK_LOOK_MS)) {
    try {
      // Not prepared: one that found the file locked stays "in progress" until it is collected, and no commit works beside it.
      connection.exec('begin immediate');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAtMs) throw error;
    }
  }
}

/** After a full disk or an I/O error SQLite has done it by itself. */
export function rollback(connection: LibsqlConnection): void {
  if (connection.isInTransaction) connection.run('rollback');
}

/**
 * One at a time; `run` may await nothing but its own statements on the connection. The commit, which may bring a part of
 * the log back into the database, too, does not hold the event loop.
 * @throws what `run` throws, what keeps the transaction from beginning, or what undid all of it, such as a full disk
 */
export async function inTransaction<T>(connection: LibsqlConnection, run: () => Promise<T>): Promise<T> {
  await begin(connection);
  try {
    const result = await run();
    await connection.execAside('commit');
    return result;
  } catch (error) {
    try {
      rollback(connection);
    } catch {
      // What has gone wrong first is what counts.
    }
    throw error;
  }
}
