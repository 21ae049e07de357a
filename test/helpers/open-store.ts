/** A store in a directory of its own, closed at the end of the test. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Store, type StoreOptions } from '../../daemon/worker/store/store.js';
import { ensureSession, type Session } from '../../daemon/worker/store/conversations/sessions.js';
import { systemClock } from '../../shared/clock.js';
import { session } from '../fixtures/session-parts.js';
import { logMemory } from './log-memory.js';
import { tempDir } from './temp-dir.js';

export { session };

export function makeStore(options: Partial<StoreOptions> = {}): Store {
  const path = options.path ?? join(tempDir(), 'state', 'gateway.db');
  const store = new Store({ clock: systemClock, logger: logMemory(), isSoleWorker: () => true, ...options, path });
  onTestFinished(() => store.close());
  return store;
}

export async function openStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = makeStore(options);
  await store.open();
  return store;
}

export async function addSession(store: Store, peerId: string, nowMs = 1_000): Promise<Session> {
  const { session: added } = await store.write((tx) => ensureSession(tx, { ...session(peerId), nowMs }));
  return added;
}
