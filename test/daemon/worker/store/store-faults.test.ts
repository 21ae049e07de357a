import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { findSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { addSession, makeStore, openStore, session } from '../../../helpers/open-store.js';
import { codes, filled, place, works } from '../../../helpers/store-place.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { eventually } from '../../../helpers/eventually.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

test('a directory in its place is never renamed; once it is gone the store works by itself', async () => {
  const path = place();
  mkdirSync(path);
  const clock = new FakeClock();
  const store = await openStore({ path, clock });
  await expect(works(store)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('it is a directory') as string,
  });
  expect(codes(store)).toEqual(['STORE_UNAVAILABLE']);
  expect(statSync(path).isDirectory()).toBe(true);
  rmSync(path, { recursive: true });
  clock.advance(250);
  await eventually(() => expect(codes(store)).toEqual([]));
  expect(await works(store)).toBe(true);
});

test('a place that may not be entered is named with its reason, and used once it may', async () => {
  const path = place();
  await filled(path);
  // Root may enter everything: it becomes somebody else for the while.
  const isRoot = process.getuid?.() === 0;
  const close = (): void => (isRoot ? process.seteuid?.(65_534) : chmodSync(dirname(path), 0));
  const open = (): void => (isRoot ? process.seteuid?.(0) : chmodSync(dirname(path), 0o700));
  const store = makeStore({ path, clock: new FakeClock() });
  close();
  try {
    await store.open();
  } finally {
    open();
  }
  await expect(works(store)).rejects.toMatchObject({ message: expect.stringMatching(/may not read and write it|EACCES/) as string });
  await store.open();
  expect((await store.read((tx) => findSession(tx, session('kept').key)))?.id).toBe(1);
});

test('the database of another program, and one of a later version, are left alone', async () => {
  const foreign = place();
  new Database(foreign).exec('create table theirs (x)');
  const store = await openStore({ path: foreign });
  await expect(works(store)).rejects.toMatchObject({ message: expect.stringContaining('another program') as string });

  const later = place();
  await filled(later);
  new Database(later).pragma(`user_version = ${65_536 * 999 + 999}`);
  const old = await openStore({ path: later });
  await expect(works(old)).rejects.toMatchObject({ message: expect.stringContaining('it was changed by a newer xopc') as string });
  expect(readdirSync(dirname(later)).some((name) => name.includes('corrupt'))).toBe(false);
});

test('a full disk fails the writes with its reason; the store finds out by itself that there is room again', async () => {
  const clock = new FakeClock();
  const store = await openStore({ clock });
  const { id } = await addSession(store, 'big');
  const limitPages = (pages: number) =>
    store.write(async (tx) => {
      await queriesOf(tx).executeQuery({
        sql: `pragma max_page_count = ${pages}`,
        parameters: [],
        query: { kind: 'RawNode', sqlFragments: [], parameters: [] },
        queryId: { queryId: 'x' },
      });
    });
  const writeMuch = () =>
    store.write((tx) =>
      appendMessage(tx, {
        id: String(Math.random()),
        sessionId: id,
        turnId: null,
        role: 'user',
        content: 'x'.repeat(400_000),
        model: null,
        status: 'complete',
        nowMs: 1,
      }),
    );
  await limitPages(40);
  await expect(writeMuch()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('the disk is full') as string });
  expect(codes(store)).toEqual(['STORE_UNAVAILABLE']);
  expect((await store.read((tx) => findSession(tx, session('big').key)))?.messageCount).toBe(0);
  clock.advance(250);
  await eventually(() => expect(codes(store)).toEqual([]));
  await limitPages(1_000_000);
  await writeMuch();
});

test('a store that was never opened, and one that was closed, say so', async () => {
  const store = makeStore();
  await expect(works(store)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('not been opened') as string });
  await store.open();
  await store.close();
  await expect(works(store)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('stopping') as string });
});

test('a link to a disk that is not there is no reason for a new database; once it is back the store works by itself', async () => {
  const path = place();
  const disk = join(tempDir(), 'disk');
  symlinkSync(join(disk, 'gateway.db'), path);
  const clock = new FakeClock();
  const store = await openStore({ path, clock });
  await expect(works(store)).rejects.toMatchObject({ message: expect.stringContaining('a symbolic link that leads to nothing') as string });
  mkdirSync(disk, { mode: 0o700 });
  await filled(join(disk, 'gateway.db'));
  clock.advance(250);
  await eventually(() => expect(codes(store)).toEqual([]));
  expect(await works(store)).toBe(true);
});
