/** A database at a place of its own, and whether it works. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Store } from '../../daemon/worker/store/store.js';
import { addSession, openStore } from './open-store.js';
import { tempDir } from './temp-dir.js';

export function place(): string {
  const path = join(tempDir(), 'state', 'gateway.db');
  mkdirSync(dirname(path), { mode: 0o700 });
  return path;
}

export const works = async (store: Store): Promise<boolean> => (await addSession(store, `probe-${Math.random()}`)).id > 0;
export const codes = (store: Store): string[] => store.warnings().map(({ code }) => code);

/**
 * A sound database with one session, closed: a copy, because SQLite removes the logs of the original whenever the last statement of its
 * connection is collected as garbage.
 */
export async function filled(path: string): Promise<void> {
  const source = place();
  const store = await openStore({ path: source });
  await addSession(store, 'kept');
  await store.close();
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(source + suffix)) copyFileSync(source + suffix, path + suffix);
}
