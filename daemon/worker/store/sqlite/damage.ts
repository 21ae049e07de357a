/** Checks whether the content of a database is undamaged. */
import { LibsqlConnection } from './connection.js';
import { classifyFault, describeFault } from './faults.js';

/** Another process's checkpoint or migration ends within this. */
const BUSY_TIMEOUT_MS = 10_000;

/** Runs `use` with a separate connection. Long reads run on one of the driver's threads. */
export async function withConnection<T>(path: string, use: (connection: LibsqlConnection) => Promise<T>): Promise<T> {
  const connection = new LibsqlConnection(path, { isThreaded: true });
  try {
    await connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return await use(connection);
  } finally {
    connection.close();
  }
}

/** Reads every page and index. Returns a description of damage; null if there is none. @throws the driver's error */
export async function quickCheck(connection: LibsqlConnection): Promise<string | null> {
  const [first] = (await connection.run<{ quick_check: string }>('pragma quick_check(1)')).rows;
  return first?.quick_check === 'ok' ? null : (first?.quick_check ?? 'no answer');
}

/** As {@link quickCheck} of a file, which may not even be a database. @throws when it cannot be read for another reason */
export async function findDamage(path: string): Promise<string | null> {
  try {
    return await withConnection(path, quickCheck);
  } catch (error) {
    if (classifyFault(error) === 'corrupt') return describeFault(error);
    throw error;
  }
}
