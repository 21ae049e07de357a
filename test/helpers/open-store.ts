/** A store in a directory of its own, closed at the end of the test. */
import { onTestFinished } from 'vitest';
import type { Migration } from '../../daemon/worker/store/migrations/migration.js';
import { Store, type StoreOptions } from '../../daemon/worker/store/store.js';
import { ensureSession, type Session } from '../../daemon/worker/store/conversations/sessions.js';
import { systemClock } from '../../shared/clock.js';
import { session } from '../fixtures/session-parts.js';
import { logMemory } from './log-memory.js';
import { engineOf, newEngine } from './store-engine.js';

export { session };

export interface TestStoreOptions extends Partial<StoreOptions> {
  readonly path?: string;
  readonly migrations?: readonly Migration[];
}

export function makeStore({ path, migrations, engine = newEngine({ path, migrations }), ...options }: TestStoreOptions = {}): Store {
  const store = new Store({ engine, clock: systemClock, logger: logMemory(), isSoleWorker: () => true, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** @param options.home  whose database it is, which its gateway may use, too; default: a new one */
export async function openStore({ home, ...options }: TestStoreOptions & { readonly home?: string } = {}): Promise<Store> {
  const store = makeStore(home === undefined ? options : { engine: await engineOf(home), ...options });
  await store.open();
  return store;
}

export async function addSession(store: Store, peerId: string, nowMs = 1_000): Promise<Session> {
  const { session: added } = await store.write((tx) => ensureSession(tx, { ...session(peerId), nowMs }));
  return added;
}
