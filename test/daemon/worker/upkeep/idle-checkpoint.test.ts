import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IdleCheckpoint } from '../../../../daemon/worker/upkeep/idle-checkpoint.js';
import { findSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { addSession, openStore, session } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('ten seconds after the last write the database alone has everything', async () => {
  const directory = tempDir();
  const path = join(directory, 'state', 'gateway.db');
  const clock = new FakeClock();
  const store = await openStore({ path });
  const checkpoint = new IdleCheckpoint({ store, clock, logger: logMemory() });
  const logSize = (): number => statSync(`${path}-wal`).size;
  checkpoint.start();
  await addSession(store, 'one');
  clock.advance(6_000);
  await addSession(store, 'two');
  clock.advance(6_000);
  await store.read((tx) => findSession(tx, session('two').key));
  expect(logSize()).toBeGreaterThan(0);
  clock.advance(4_000);
  await eventually(() => expect(logSize()).toBe(0));
  copyFileSync(path, join(directory, 'copy.db'));
  const copy = await openStore({ path: join(directory, 'copy.db') });
  expect(await copy.read((tx) => findSession(tx, session('two').key))).toBeDefined();

  checkpoint.stop();
  await addSession(store, 'three');
  clock.advance(60_000);
  await store.read((tx) => findSession(tx, session('three').key));
  expect(logSize()).toBeGreaterThan(0);
});

test('so it has when the clock is set back after the last write', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const clock = new FakeClock();
  const store = await openStore({ path });
  new IdleCheckpoint({ store, clock, logger: logMemory() }).start();
  await addSession(store, 'one');
  clock.jump(-7_200_000);
  clock.advance(10_000);
  await eventually(() => expect(statSync(`${path}-wal`).size).toBe(0));
});
