/** A new database of SQLite, copied: a sixth of the time that the migrations take. Tests of how one is made do not use it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sqliteEngine } from '../../daemon/worker/store/sqlite/engine.js';

async function makeDatabase(): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'xopc-test-'));
  try {
    const path = join(directory, 'gateway.db');
    const database = await sqliteEngine(path).open({ isAlone: true });
    // What is in the log is not in the file that is copied.
    await database.checkpoint();
    await database.close();
    return readFileSync(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

let made: Promise<Buffer> | undefined;

/** Puts one where none is, as a start of the gateway would. */
export async function placeDatabase(path: string): Promise<void> {
  const content = await (made ??= makeDatabase());
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const copy = `${path}.copy`;
  writeFileSync(copy, content, { mode: 0o600 });
  renameSync(copy, path);
}
