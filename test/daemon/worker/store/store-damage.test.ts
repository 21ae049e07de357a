import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  watch,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { findSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { addSession, openStore, session } from '../../../helpers/open-store.js';
import { codes, filled, place, works } from '../../../helpers/store-place.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const unavailable = { code: 'UNAVAILABLE', message: expect.stringContaining('gateway.db cannot be used') as string };

/** The same as a worker leaves it that was killed: with the newest in the log. */
async function filledInLog(path: string, peerId = 'kept'): Promise<void> {
  let isAlone = true;
  const store = await openStore({ path, isSoleWorker: () => isAlone });
  await addSession(store, peerId);
  isAlone = false;
  await store.close();
}

function damage(path: string, options: { at: number; length: number }): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(options.length, 0xa5), 0, options.length, options.at);
  closeSync(file);
}

test.each([
  { name: 'a file of another kind', make: async (path: string) => writeFileSync(path, 'I am a shopping list.\n'.repeat(500)) },
  { name: 'a short file of another kind', make: async (path: string) => writeFileSync(path, 'no') },
  {
    name: 'a database with a damaged first page',
    make: async (path: string) => {
      await filled(path);
      new Database(path).pragma('wal_checkpoint(TRUNCATE)');
      damage(path, { at: 100, length: 3_000 });
    },
  },
])('$name is set aside under a name of its own, loudly, and a new one is used', async ({ make }) => {
  const path = place();
  await make(path);
  const before = readFileSync(path);
  const store = await openStore({ path });
  expect(await works(store)).toBe(true);
  expect(codes(store)).toEqual(['STORE_SET_ASIDE']);
  const copy = readdirSync(dirname(path)).find((name) => /^gateway\.db\.corrupt-\d{8}T\d{6}Z$/.test(name)) ?? '';
  expect(readFileSync(join(dirname(path), copy)).equals(before)).toBe(true);
  expect(store.warnings()[0]?.message).toContain(copy);
});

test('a write-ahead log goes whole with the database that is set aside, and harms no new one', async () => {
  const path = place();
  await filled(path);
  await filledInLog(path, 'newest');
  const log = readFileSync(`${path}-wal`);
  expect(log.length).toBeGreaterThan(0);
  damage(path, { at: 0, length: 16 });
  const store = await openStore({ path });
  expect(await works(store)).toBe(true);
  const copy = readdirSync(dirname(path)).find((name) => /\.corrupt-\w+-wal$/.test(name)) ?? '';
  expect(readFileSync(join(dirname(path), copy)).equals(log)).toBe(true);
  expect(await store.read((tx) => findSession(tx, session('kept').key))).toBeUndefined();
});

test('a damaged database whose log still holds the damaged pages is used as it is', async () => {
  const path = place();
  await filledInLog(path);
  damage(path, { at: 0, length: 16 });
  const store = await openStore({ path });
  expect(codes(store)).toEqual([]);
  expect((await store.read((tx) => findSession(tx, session('kept').key)))?.id).toBe(1);
});

describe('a database that has lost its content is not taken for a new one', () => {
  /** Whatever is there is left as it is, and the reason says what to do. */
  async function expectRefused(path: string, reason: RegExp): Promise<void> {
    const content = (): unknown[] => readdirSync(dirname(path)).map((name) => [name, readFileSync(join(dirname(path), name), 'base64')]);
    const before = content();
    const store = await openStore({ path });
    await expect(works(store)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(reason) as string });
    expect(codes(store)).toEqual(['STORE_UNAVAILABLE']);
    await store.close();
    expect(content()).toEqual(before);
  }

  test('cut off, beside its log', async () => {
    const path = place();
    await filledInLog(path);
    truncateSync(path);
    await expectRefused(path, /it is empty: its content was cut off; restore a backup/);
  });

  test.each(['', 'S'])('cut off to %j, alone', async (rest) => {
    const path = place();
    writeFileSync(path, rest);
    await expectRefused(path, /it is empty/);
  });

  test('removed, with its log left', async () => {
    const path = place();
    await filledInLog(path);
    rmSync(path);
    await expectRefused(path, /it is missing, but its log gateway\.db-wal is there; put it back/);
  });

  test('moved away as it says, a new one is made', async () => {
    const path = place();
    writeFileSync(path, '');
    const clock = new FakeClock();
    const store = await openStore({ path, clock });
    rmSync(path);
    clock.advance(250);
    await store.open();
    expect(await works(store)).toBe(true);
    expect(codes(store)).toEqual([]);
  });
});

test('a database is made whole: whoever is killed meanwhile leaves none that looks as if it had lost its content', async () => {
  const path = place();
  const sizes: number[] = [];
  const watcher = watch(dirname(path), (_, name) => {
    if (name === 'gateway.db') sizes.push(statSync(path).size);
  });
  onTestFinished(() => watcher.close());
  await filled(path);
  await eventually(() => expect(sizes.length).toBeGreaterThan(0));
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(4_096);
  expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('no database is made, and none opened without its log or shared memory, beside a worker that may have one open', async () => {
  const path = place();
  let isAlone = false;
  const clock = new FakeClock();
  const store = await openStore({ path, clock, isSoleWorker: () => isAlone });
  await expect(works(store)).rejects.toMatchObject({
    message: expect.stringContaining('gateway.db is missing, and another worker') as string,
  });
  expect(readdirSync(dirname(path))).toEqual([]);
  await filled(path);
  for (const name of ['gateway.db-shm', 'gateway.db-wal']) {
    rmSync(join(dirname(path), name));
    clock.advance(10_000);
    await store.open();
    await expect(works(store)).rejects.toMatchObject({ message: expect.stringContaining(`${name} is missing, and`) as string });
    writeFileSync(join(dirname(path), name), '');
  }
  isAlone = true;
  clock.advance(10_000);
  await store.open();
  expect(await works(store)).toBe(true);
});

test('a damaged database that another worker still uses stays where it is until that one is gone', async () => {
  const path = place();
  writeFileSync(path, 'x'.repeat(5_000));
  const clock = new FakeClock();
  let isAlone = false;
  const store = await openStore({ path, clock, isSoleWorker: () => isAlone });
  await expect(works(store)).rejects.toMatchObject(unavailable);
  expect(readdirSync(dirname(path))).toEqual(['gateway.db']);
  isAlone = true;
  clock.advance(10_000);
  await store.open();
  expect(await works(store)).toBe(true);
});

test('damage that is found in use sets the database aside and goes on with a new one', async () => {
  const path = place();
  const first = await openStore({ path });
  const { id } = await addSession(first, 'kept');
  for (let number = 0; number < 300; number += 1) {
    const message = {
      id: String(number),
      sessionId: id,
      turnId: null,
      role: 'user',
      content: 'x'.repeat(3_000),
      model: null,
      status: 'complete',
      nowMs: 1,
    } as const;
    await first.write((tx) => appendMessage(tx, message));
  }
  await first.close();
  new Database(path).pragma('wal_checkpoint(TRUNCATE)');
  // Behind the pages of the schema, which are read at every opening.
  damage(path, { at: 819_200, length: 409_600 });

  const store = await openStore({ path });
  expect(codes(store)).toEqual([]);
  const readAll = () => store.read((tx) => queriesOf(tx).selectFrom('messages').selectAll().execute());
  await expect(readAll()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(codes(store)).toEqual(['STORE_SET_ASIDE']);
  expect(await readAll()).toEqual([]);
  expect(await works(store)).toBe(true);
});

test('a damaged database behind a link is set aside where it lies, and a new one takes its place there', async () => {
  const path = place();
  const elsewhere = join(tempDir(), 'big-disk.db');
  writeFileSync(elsewhere, 'I am a shopping list.');
  symlinkSync(elsewhere, path);
  const store = await openStore({ path });
  expect(await works(store)).toBe(true);
  expect(codes(store)).toEqual(['STORE_SET_ASIDE']);
  expect(readFileSync(elsewhere).subarray(0, 15).toString()).toBe('SQLite format 3');
  expect(readdirSync(dirname(path)).filter((name) => name.includes('corrupt'))).toEqual([]);
});
