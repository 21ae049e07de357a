/** A database at a place of its own, and whether it works. */
import { mkdirSync } from 'node:fs';
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

/** A sound database with one session, closed. */
export async function filled(path: string): Promise<void> {
  const store = await openStore({ path });
  await addSession(store, 'kept');
  await store.close();
}
