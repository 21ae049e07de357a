import { setTimeout as delay } from 'node:timers/promises';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { GroupCommit } from '../../../../daemon/worker/store/group-commit.js';
import { acquireLease, readLeaseOwner } from '../../../../daemon/worker/store/leases.js';
import { MIGRATIONS } from '../../../../daemon/worker/store/migrations/index.js';
import { queriesOf, type Transaction } from '../../../../daemon/worker/store/transaction.js';
import { openSqlite } from '../../../../daemon/worker/store/sqlite/sqlite.js';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from '../../../helpers/temp-dir.js';

async function setUp() {
  const database = await openSqlite(join(tempDir(), 'state', 'gateway.db'), MIGRATIONS);
  onTestFinished(() => database.close());
  let transactions = 0;
  // Asked when the commit is done; what waits for the disk waits for this, too.
  const disk = { synced: () => database.synced() };
  const commits = new GroupCommit(async () => {
    transactions += 1;
    return {
      async transaction(run, options) {
        const result = await database.transaction(run, options);
        if (options?.early !== true) await disk.synced();
        return result;
      },
      synced: () => disk.synced(),
    };
  });
  return { commits, disk, reader: database.reader, transactions: () => transactions };
}

const claim = (key: string) => (tx: Transaction) => acquireLease(tx, { key, owner: 'me', liveOwners: ['me'], nowMs: 1 });

test('all writes of one turn of the event loop share one transaction', async () => {
  const { commits, transactions } = await setUp();
  const first = Promise.all(Array.from({ length: 50 }, (_, index) => commits.submit(claim(`a${index}`))));
  await Promise.resolve();
  const later = commits.submit(claim('b'));
  expect(await first).toEqual(Array.from({ length: 50 }, () => true));
  await later;
  expect(transactions()).toBe(1);
  await commits.submit(claim('c'));
  expect(transactions()).toBe(2);
});

test('nobody hears of success before the commit, and a reader sees nothing before it either', async () => {
  const { commits, reader } = await setUp();
  const seen: (string | undefined)[] = [];
  const first = commits.submit(claim('a')).then(async () => seen.push(await readLeaseOwner(reader, 'a')));
  const second = commits.submit(async () => seen.push(await readLeaseOwner(reader, 'a')));
  await Promise.all([first, second]);
  expect(seen).toEqual([undefined, 'me']);
});

test('nobody hears of success before the disk has it, and what comes in meanwhile shares the next transaction', async () => {
  const { commits, disk, reader, transactions } = await setUp();
  const heard: string[] = [];
  const tell = (key: string) => commits.submit(claim(key)).then(() => heard.push(key));
  let finish: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    disk.synced = () =>
      new Promise((done) => {
        finish = done;
        resolve();
      });
  });
  const first = tell('a');
  await begun;
  const later = [tell('b'), tell('c')];
  expect(await readLeaseOwner(reader, 'a')).toBe('me');
  expect(await readLeaseOwner(reader, 'b')).toBeUndefined();
  expect(heard).toEqual([]);
  disk.synced = async () => undefined;
  finish();
  await Promise.all([first, ...later]);
  expect(heard).toEqual(['a', 'b', 'c']);
  expect(transactions()).toBe(2);
});

test('who can wait with telling goes on at the commit, and is told when the disk has it', async () => {
  const { commits, disk, reader } = await setUp();
  let finish: () => void = () => undefined;
  disk.synced = () => new Promise((done) => (finish = done));
  const { value, stored } = await commits.submitEarly(claim('a'));
  expect(value).toBe(true);
  expect(await readLeaseOwner(reader, 'a')).toBe('me');
  let isStored = false;
  void stored.then(() => (isStored = true));
  await new Promise(setImmediate);
  expect(isStored).toBe(false);
  finish();
  await stored;
  await expect(commits.submitEarly(() => Promise.reject(new Error('changed my mind')))).rejects.toThrow('changed my mind');
  disk.synced = () => Promise.reject(new Error('input/output error'));
  const lost = await commits.submitEarly(claim('b'));
  await expect(lost.stored).rejects.toThrow('input/output error');
});

test('when the disk fails to sync, the writers are told, and the next write succeeds', async () => {
  const { commits, disk } = await setUp();
  const { synced } = disk;
  disk.synced = () => Promise.reject(new Error('input/output error'));
  const results = await Promise.allSettled([commits.submit(claim('a')), commits.submit(claim('b'))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  disk.synced = synced;
  expect(await commits.submit(claim('c'))).toBe(true);
});

test('a write that fails undoes its own changes and nobody else’s', async () => {
  const { commits, reader, transactions } = await setUp();
  const results = await Promise.allSettled([
    commits.submit(claim('before')),
    commits.submit(async (tx) => {
      await claim('undone')(tx);
      throw new Error('changed my mind');
    }),
    commits.submit(async (tx) => queriesOf(tx).insertInto('leases').values({ key: 'before', owner: 'x', acquired_at: 1 }).execute()),
    commits.submit(claim('after')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { message: 'changed my mind' } });
  expect(results[2]).toMatchObject({ reason: { message: expect.stringContaining('UNIQUE') as string } });
  expect(await Promise.all(['before', 'undone', 'after'].map((key) => readLeaseOwner(reader, key)))).toEqual(['me', undefined, 'me']);
  expect(transactions()).toBe(1);
});

test('a commit that fails fails every write in it, and the next one succeeds', async () => {
  const { commits, reader } = await setUp();
  // A foreign key that is checked at the commit.
  const orphan = async (tx: Transaction) => {
    await queriesOf(tx).executeQuery({
      sql: 'pragma defer_foreign_keys = on',
      parameters: [],
      query: { kind: 'RawNode', sqlFragments: [], parameters: [] },
      queryId: { queryId: 'x' },
    });
    await queriesOf(tx)
      .insertInto('messages')
      .values({ id: 'm', session_id: 99, turn_id: null, role: 'user', content: '', model: null, status: 'complete', created_at: 1 })
      .execute();
  };
  const results = await Promise.allSettled([commits.submit(claim('a')), commits.submit(orphan)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await readLeaseOwner(reader, 'a')).toBeUndefined();
  await commits.submit(claim('a'));
  expect(await readLeaseOwner(reader, 'a')).toBe('me');
});

test('a write that comes while another runs is not lost, and a long line is split', async () => {
  const { commits, transactions } = await setUp();
  let inner: Promise<boolean> | undefined;
  await commits.submit(async (tx) => {
    inner = commits.submit(claim('inner'));
    return claim('outer')(tx);
  });
  expect(await inner).toBe(true);
  expect(transactions()).toBe(2);
  await Promise.all(Array.from({ length: 450 }, (_, index) => commits.submit(claim(`n${index}`))));
  expect(transactions()).toBe(5);
  await commits.idle();
});

test('what had to wait for another process is committed when that is done, as is all that comes after', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const database = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => database.close());
  const commits = new GroupCommit(() => Promise.resolve(database));
  const other = new Database(path);
  onTestFinished(() => void other.close());
  for (const key of ['a', 'b', 'c']) {
    other.exec('begin immediate');
    const waiting = commits.submit(claim(key));
    await delay(50); // several looks
    other.exec('commit');
    expect(await waiting).toBe(true);
  }
});

test('who has waited behind others for a lock is refused with them; who came late waits for himself', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const database = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => database.close());
  const other = new Database(path);
  onTestFinished(() => void other.close());
  const commits = new GroupCommit(async () => database);
  other.exec('begin immediate');
  const ended: string[] = [];
  const write = (key: string) =>
    commits.submit(claim(key)).then(
      () => ended.push(`${key} stored`),
      () => ended.push(`${key} refused`),
    );
  const first = write('first');
  await delay(100);
  const behind = write('behind');
  await delay(1_500);
  const late = write('late');
  await Promise.all([first, behind]);
  expect(ended).toEqual(['first refused', 'behind refused']);
  other.exec('rollback');
  await late;
  expect(ended.at(-1)).toBe('late stored');
});

test('closing waits for the transaction under way', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const database = await openSqlite(path, MIGRATIONS);
  const writing = database.transaction(claim('a'));
  await database.close();
  expect(await writing).toBe(true);
  const again = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => again.close());
  expect(await readLeaseOwner(again.reader, 'a')).toBe('me');
});

test('transactions that are begun at the same time take turns', async () => {
  const database = await openSqlite(join(tempDir(), 'state', 'gateway.db'), MIGRATIONS);
  onTestFinished(() => database.close());
  const failing = database.transaction(() => Promise.reject(new Error('changed my mind')));
  const writing = [database.transaction(claim('a')), database.contract(), database.transaction(claim('b'), { early: true })];
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await Promise.all(writing)).toEqual([true, undefined, true]);
});
