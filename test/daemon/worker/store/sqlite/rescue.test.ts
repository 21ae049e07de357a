import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { findSession } from '../../../../../daemon/worker/store/conversations/sessions.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { addSession, openStore, session } from '../../../../helpers/open-store.js';
import { codes, place } from '../../../../helpers/store-place.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

const has = async (store: Store, peerId: string): Promise<boolean> =>
  (await store.read((tx) => findSession(tx, session(peerId).key))) !== undefined;

/** What a start finds after `kill -9`: only files. */
async function expectKept(path: string, peerIds: readonly string[]): Promise<void> {
  const copy = place();
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) writeFileSync(copy + suffix, readFileSync(path + suffix));
  expect(new Database(copy).pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  const store = await openStore({ path: copy });
  for (const peerId of peerIds) expect({ peerId, isKept: await has(store, peerId) }).toEqual({ peerId, isKept: true });
}

const LOSSES: Record<string, (path: string) => void> = {
  'its log removed': (path) => rmSync(`${path}-wal`),
  'its log replaced': (path) => {
    renameSync(`${path}-wal`, `${path}-wal.old`);
    writeFileSync(`${path}-wal`, '');
  },
  'its shared memory removed': (path) => rmSync(`${path}-shm`),
  'the database removed': (path) => rmSync(path),
  'all three removed': (path) => ['', '-wal', '-shm'].forEach((suffix) => rmSync(path + suffix)),
  'the database renamed': (path) => renameSync(path, `${path}.bak`),
  'its directory removed': (path) => rmSync(dirname(path), { recursive: true }),
  'its directory renamed': (path) => renameSync(dirname(path), `${dirname(path)}.bak`),
};

describe('an open database', () => {
  test.each(Object.keys(LOSSES))('with %s keeps all that was stored, before and after', async (name) => {
    const path = place();
    const store = await openStore({ path });
    for (let number = 0; number < 20; number += 1) await addSession(store, `before-${number}`);
    LOSSES[name]?.(path);
    await addSession(store, 'after');
    await expectKept(path, ['before-0', 'before-19', 'after']);
    expect(codes(store)).toEqual([]);
    expect(await has(store, 'before-19')).toBe(true);
    expect(readdirSync(dirname(path)).filter((file) => /rescued|tmp$/.test(file))).toEqual([]);
  });

  test('replaced by another goes on with its own content; the other one is kept, and a warning says so until it is removed', async () => {
    const path = place();
    const store = await openStore({ path });
    await addSession(store, 'before');
    writeFileSync(`${path}.new`, 'another file');
    renameSync(`${path}.new`, path);
    await addSession(store, 'after');
    await expectKept(path, ['before', 'after']);
    const kept = readdirSync(dirname(path)).find((file) => file.startsWith('gateway.db.replaced-')) ?? '';
    expect(readFileSync(join(dirname(path), kept), 'utf8')).toBe('another file');
    expect(store.warnings()).toMatchObject([
      { code: 'STORE_SET_ASIDE', hint: expect.stringContaining(`xopc restore ${dirname(path)}/${kept}`) as string },
    ]);
    await store.close();
    const next = await openStore({ path });
    expect(codes(next)).toEqual(['STORE_SET_ASIDE']);
    rmSync(join(dirname(path), kept));
    expect(codes(next)).toEqual([]);
  });

  test('behind a link gets its content back where the link leads', async () => {
    const path = place();
    const target = join(tempDir(), 'big.db');
    symlinkSync(target, path);
    await (await openStore({ path: target })).close();
    const store = await openStore({ path });
    await addSession(store, 'before');
    for (const suffix of ['', '-wal', '-shm']) rmSync(target + suffix);
    await addSession(store, 'after');
    await expectKept(target, ['before', 'after']);
  });

  test('that is removed without a write after it is put back when somebody looks, and when it is closed', async () => {
    const path = place();
    const store = await openStore({ path });
    await addSession(store, 'one');
    rmSync(path);
    await store.watch();
    await expectKept(path, ['one']);
    await addSession(store, 'two');
    rmSync(`${path}-wal`);
    await store.close();
    await expectKept(path, ['one', 'two']);
  });

  test('whose content cannot be copied takes no write and says why; once it can be, it recovers by itself', async () => {
    const path = place();
    const clock = new FakeClock();
    const store = await openStore({ path, clock });
    await addSession(store, 'before');
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), 'in the way');
    await expect(addSession(store, 'refused')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(
        /its files were removed or replaced while it was open; copying its content failed: .*it is not a directory/,
      ) as string,
    });
    expect(codes(store)).toEqual(['STORE_UNAVAILABLE']);
    expect(await has(store, 'before')).toBe(true);
    rmSync(dirname(path));
    clock.advance(250);
    await store.watch();
    expect(codes(store)).toEqual([]);
    await expectKept(path, ['before']);
    expect(await has(store, 'refused')).toBe(false);
  });
});

describe('a start after a kill', () => {
  /** A complete copy beside a database that has less. */
  async function rescued(path: string): Promise<void> {
    const store = await openStore({ path: `${path}.full` });
    await addSession(store, 'newest');
    await store.close();
    renameSync(`${path}.full`, `${path}.rescued`);
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}.full${suffix}`, { force: true });
  }

  test('puts the copy in place, with or without a database there', async () => {
    const path = place();
    await rescued(path);
    const first = await openStore({ path });
    expect(await has(first, 'newest')).toBe(true);
    expect(codes(first)).toEqual([]);
    await first.close();

    const other = place();
    await (await openStore({ path: other })).close();
    await rescued(other);
    const second = await openStore({ path: other });
    expect(await has(second, 'newest')).toBe(true);
    expect(codes(second)).toEqual(['STORE_SET_ASIDE']);
  });

  test('leaves it alone while another worker lives', async () => {
    const path = place();
    await rescued(path);
    const store = await openStore({ path, isSoleWorker: () => false });
    expect(codes(store)).toEqual(['STORE_UNAVAILABLE']);
    expect(existsSync(`${path}.rescued`)).toBe(true);
  });
});
