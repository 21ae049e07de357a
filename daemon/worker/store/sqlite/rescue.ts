/** Copies what a connection still sees of a database whose files were removed or replaced while it was open. */
import { renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RESCUED } from '../../../../shared/backup.js';
import { GatewayError } from '../../../../shared/errors.js';
import { ensurePrivateDirectory, syncDirectory } from '../../../../shared/node/files/atomic-file.js';
import { finalPath } from '../../../../shared/node/files/final-path.js';
import { temporaryName } from '../../../../shared/node/files/temporary-file.js';
import { storeUnavailable } from '../engine.js';
import type { LibsqlConnection } from './connection.js';
import { quickCheck, withConnection } from './damage.js';
import { fromFileError } from './database-file.js';
import { classifyFault, describeFault } from './faults.js';

/**
 * Writes a complete copy to `{path}.rescued`, on disk. Checks that it contains every row, by count, and reads every page.
 * @throws STORE_UNAVAILABLE; then nothing was changed
 */
export async function rescueContent(connection: LibsqlConnection, path: string): Promise<void> {
  try {
    ensurePrivateDirectory(dirname(path));
    await writeCopy(connection, finalPath(path));
  } catch (error) {
    const reason = `its files were removed or replaced while it was open; copying its content failed: ${reasonOf(path, error)}`;
    throw storeUnavailable(path, reason, { cause: error });
  }
}

async function writeCopy(connection: LibsqlConnection, path: string): Promise<void> {
  const copy = temporaryName(path);
  try {
    const rows = await countRows(connection);
    await connection.exec(`vacuum into '${copy.replaceAll("'", "''")}'`);
    await assertComplete(copy, rows);
    await sync(copy);
    renameSync(copy, path + RESCUED);
    await syncDirectory(dirname(path));
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
  }
}

function reasonOf(path: string, error: unknown): string {
  if (classifyFault(error) !== 'other') return describeFault(error);
  return error instanceof GatewayError ? error.message : fromFileError(path, error).message;
}

/** Returns the number of rows of each table; those of the search index are made from others. */
async function countRows(connection: LibsqlConnection): Promise<string> {
  const { rows } = await connection.run<{ name: string }>(
    "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like 'messages_search%' order by name",
  );
  const counts = rows.map(({ name }) => `select '${name}' as name, count(*) as count from "${name}"`);
  return counts.length === 0 ? '' : JSON.stringify((await connection.run(counts.join(' union all '))).rows);
}

function assertComplete(copy: string, rows: string): Promise<void> {
  return withConnection(copy, async (connection) => {
    const damage = await quickCheck(connection);
    if (damage !== null) throw new Error(`the copy is damaged (${damage})`);
    if ((await countRows(connection)) !== rows) throw new Error('the copy is not complete');
  });
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}
