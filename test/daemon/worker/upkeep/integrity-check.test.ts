import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { expect, test, vi } from 'vitest';
import { findDamage } from '../../../../daemon/worker/store/sqlite/damage.js';
import { type CheckDatabase, IntegrityCheck } from '../../../../daemon/worker/upkeep/integrity-check.js';
import { HOUR_MS } from '../../../../shared/clock.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { eventually } from '../../../helpers/eventually.js';

async function setUp(options: { check?: CheckDatabase; isSole?: () => boolean } = {}) {
  const path = join(tempDir(), 'state', 'gateway.db');
  const store = await openStore({ path });
  const clock = new FakeClock(1_800_000_000_000);
  const check = vi.fn<CheckDatabase>(options.check ?? (async (file) => ({ damage: await findDamage(file) })));
  const logger = logMemory();
  const make = () => new IntegrityCheck({ store, path, clock, logger, isSoleWorker: options.isSole ?? (() => true), check });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    // The mark is written with real file operations.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { path, store, clock, check, logger, make, pass };
}

const mark = (path: string): boolean => existsSync(`${path}.checked`);

test('a database is read a minute after the start, then once a day, also across restarts of the worker', async () => {
  const { path, check, make, pass } = await setUp();
  const first = make();
  first.start();
  await pass(59_000);
  expect(check).not.toHaveBeenCalled();
  await pass(1_000);
  await eventually(() => expect(mark(path)).toBe(true));
  await first.stop();
  const second = make();
  second.start();
  await pass(60_000);
  for (let hour = 0; hour < 22; hour += 1) await pass(HOUR_MS);
  expect(check).toHaveBeenCalledTimes(1);
  for (let hour = 0; hour < 3; hour += 1) await pass(HOUR_MS);
  await eventually(() => expect(check).toHaveBeenCalledTimes(2));
  await second.stop();
});

test('damage that only a full reading finds sets the database aside, and the reason stays visible', async () => {
  const { path, store, make, pass } = await setUp({
    check: async () => ({ damage: 'Tree 7 page 9: btreeInitPage() returns error code 11' }),
  });
  await addSession(store, 'kept');
  const integrity = make();
  integrity.start();
  await pass(60_000);
  await eventually(() => expect(store.warnings().map(({ code }) => code)).toEqual(['STORE_SET_ASIDE']));
  await integrity.stop();
  const copy = readdirSync(dirname(path)).find((name) => name.includes('.corrupt-') && name.endsWith('Z')) ?? '';
  expect(store.warnings()[0]?.message).toContain(copy);
  expect((await addSession(store, 'new')).id).toBe(1);
  // Another worker says it too, until the copy is gone.
  const next = await openStore({ path });
  expect(next.warnings().map(({ code }) => code)).toEqual(['STORE_SET_ASIDE']);
  rmSync(join(dirname(path), copy));
  expect(next.warnings()).toEqual([]);
});

test('while another worker lives nothing is checked; a check that could not be made says so and is made later', async () => {
  let isSole = false;
  let isBroken = true;
  const check: CheckDatabase = async () => (isBroken ? Promise.reject(new Error('no memory')) : { damage: null });
  const { path, check: spy, logger, make, pass } = await setUp({ check, isSole: () => isSole });
  const integrity = make();
  integrity.start();
  await pass(60_000);
  expect(spy).not.toHaveBeenCalled();
  isSole = true;
  await pass(HOUR_MS);
  await eventually(() =>
    expect(logger.entries.map(({ message }) => message)).toContain('failed to check the database; retrying in an hour'),
  );
  expect(mark(path)).toBe(false);
  isBroken = false;
  await pass(HOUR_MS);
  await eventually(() => expect(mark(path)).toBe(true));
  await integrity.stop();
});

test('a reading finds damage behind the pages that an opening reads, and none in a sound file', async () => {
  const { path, store } = await setUp();
  await addSession(store, 'kept');
  await store.close();
  new Database(path).pragma('wal_checkpoint(TRUNCATE)');
  const copy = `${path}.copy`;
  copyFileSync(path, copy);
  expect(await findDamage(copy)).toBeNull();
  const { openSync, writeSync, closeSync } = await import('node:fs');
  const file = openSync(copy, 'r+');
  for (let page = 2; page < 20; page += 1) writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, page * 4_096);
  closeSync(file);
  expect(await findDamage(copy)).toEqual(expect.any(String));
});
