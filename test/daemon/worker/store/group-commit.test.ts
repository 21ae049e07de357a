import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { GroupCommit } from '../../../../daemon/worker/store/group-commit.js';
import type { OpenDatabase } from '../../../../daemon/worker/store/engine.js';
import { MIGRATIONS } from '../../../../daemon/worker/store/migrations/index.js';
import { queriesOf, type Transaction } from '../../../../daemon/worker/store/transaction.js';
import { classifyFault } from '../../../../daemon/worker/store/sqlite/faults.js';
import { openSqlite } from '../../../../daemon/worker/store/sqlite/open.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { readLeaseOwner } from '../../../../daemon/worker/store/leases.js';
import { claimLease } from '../../../helpers/claim-lease.js';

function commitsOf(database: () => Promise<Pick<OpenDatabase, 'transaction'>>): GroupCommit {
  return new GroupCommit({ database, classify: classifyFault, publish: () => undefined });
}

async function setUp() {
  const path = join(tempDir(), 'state', 'gateway.db');
  const database = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => database.close());
  let transactions = 0;
  /** Awaited when the statements of a transaction have run, before its commit. */
  const gate = { beforeCommit: () => Promise.resolve() };
  const commits = commitsOf(async () => {
    transactions += 1;
    return {
      transaction: (run) =>
        database.transaction(async (tx) => {
          const result = await run(tx);
          await gate.beforeCommit();
          return result;
        }),
    };
  });
  return { commits, gate, path, reader: database.reader, transactions: () => transactions };
}

/** Holds commits back. `reached` resolves when one would begin. */
function hold(gate: { beforeCommit: () => Promise<void> }): { reached: Promise<void>; release: () => void } {
  let release: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    gate.beforeCommit = () =>
      new Promise<void>((done) => {
        release = done;
        resolve();
      });
  });
  return {
    reached,
    release: () => {
      gate.beforeCommit = () => Promise.resolve();
      release();
    },
  };
}

test('all writes of one turn of the event loop share one transaction', async () => {
  const { commits, transactions } = await setUp();
  const first = Promise.all(Array.from({ length: 50 }, (_, index) => commits.submit(claimLease(`a${index}`))));
  await Promise.resolve();
  const later = commits.submit(claimLease('b'));
  expect(await first).toEqual(Array.from({ length: 50 }, () => true));
  await later;
  expect(transactions()).toBe(1);
  await commits.submit(claimLease('c'));
  expect(transactions()).toBe(2);
});

test('nobody hears of success before the commit, and a reader sees nothing before it either', async () => {
  const { commits, reader } = await setUp();
  const seen: (string | undefined)[] = [];
  const first = commits.submit(claimLease('a')).then(async () => seen.push(await readLeaseOwner(reader, 'a')));
  const second = commits.submit(async () => seen.push(await readLeaseOwner(reader, 'a')));
  await Promise.all([first, second]);
  expect(seen).toEqual([undefined, 'me']);
});

test('what comes in while a commit is under way shares the next transaction', async () => {
  const { commits, gate, reader, transactions } = await setUp();
  const heard: string[] = [];
  const tell = (key: string) => commits.submit(claimLease(key)).then(() => heard.push(key));
  const { reached, release } = hold(gate);
  const first = tell('a');
  await reached;
  const later = [tell('b'), tell('c')];
  expect(await readLeaseOwner(reader, 'a')).toBeUndefined();
  expect(heard).toEqual([]);
  release();
  await Promise.all([first, ...later]);
  expect(heard).toEqual(['a', 'b', 'c']);
  expect(transactions()).toBe(2);
});

test('an early value is handed out before the commit, and stored once that is done', async () => {
  const { commits, gate, reader } = await setUp();
  const { release } = hold(gate);
  const { value, stored } = await commits.submitEarly(claimLease('a'));
  expect(value).toBe(true);
  expect(await readLeaseOwner(reader, 'a')).toBeUndefined();
  let isStored = false;
  void stored.then(() => (isStored = true));
  await new Promise(setImmediate);
  expect(isStored).toBe(false);
  release();
  await stored;
  expect(await readLeaseOwner(reader, 'a')).toBe('me');
  await expect(commits.submitEarly(() => Promise.reject(new Error('changed my mind')))).rejects.toThrow('changed my mind');
});

test('an early value is of the run that is committed, also when the batch had to be run again', async () => {
  const { commits, reader } = await setUp();
  let runs = 0;
  const early = commits.submitEarly(async (tx) => {
    runs += 1;
    await claimLease(`run ${runs}`)(tx);
    return runs;
  });
  const failing = commits.submit(() => Promise.reject(new Error('changed my mind')));
  const { value, stored } = await early;
  await Promise.all([stored, expect(failing).rejects.toThrow('changed my mind')]);
  expect(value).toBe(2);
  expect(await Promise.all([1, 2].map((run) => readLeaseOwner(reader, `run ${run}`)))).toEqual([undefined, 'me']);
});

test('a commit that fails rejects what was handed out early as well, and the next write succeeds', async () => {
  const { commits, gate, reader } = await setUp();
  gate.beforeCommit = () => Promise.reject(new Error('input/output error'));
  const [early, plain] = [commits.submitEarly(claimLease('a')), commits.submit(claimLease('b'))];
  const { value, stored } = await early;
  expect(value).toBe(true);
  await expect(plain).rejects.toThrow('input/output error');
  await expect(stored).rejects.toThrow('input/output error');
  expect(await readLeaseOwner(reader, 'a')).toBeUndefined();
  gate.beforeCommit = () => Promise.resolve();
  expect(await commits.submit(claimLease('c'))).toBe(true);
});

test('adjacent items of the same work are written by one call, and one by one after a failure', async () => {
  const { commits } = await setUp();
  const calls: string[] = [];
  const write = async (_tx: Transaction, items: readonly string[]) => {
    calls.push(items.join());
    if (items.includes('bad')) throw new Error('not this one');
    return items.map((value) => ({ value }));
  };
  const plain = () => commits.submit(() => Promise.resolve(void calls.push('other')));
  const item = (name: string) => commits.submitItem(write, name);
  await Promise.all([item('a'), item('b'), plain(), plain(), item('c')]);
  expect(calls.splice(0)).toEqual(['a,b', 'other', 'other', 'c']);
  const results = await Promise.allSettled(['a', 'bad', 'b'].map(item));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(calls.splice(0)).toEqual(['a,bad,b', 'a,bad,b', 'a', 'bad', 'b']);
  // Other work that fails does not take them apart.
  const other = commits.submit(() => Promise.reject(new Error()));
  await Promise.allSettled([other, item('a'), item('b')]);
  expect(calls).toEqual(['a,b']);
});

test('a write that fails undoes its own changes and nobody else’s', async () => {
  const { commits, reader, transactions } = await setUp();
  const results = await Promise.allSettled([
    commits.submit(claimLease('before')),
    commits.submit(async (tx) => {
      await claimLease('undone')(tx);
      throw new Error('changed my mind');
    }),
    commits.submit(async (tx) => queriesOf(tx).insertInto('leases').values({ key: 'before', owner: 'x', acquired_at: 1 }).execute()),
    commits.submit(claimLease('after')),
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
  const results = await Promise.allSettled([commits.submit(claimLease('a')), commits.submit(orphan)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await readLeaseOwner(reader, 'a')).toBeUndefined();
  await commits.submit(claimLease('a'));
  expect(await readLeaseOwner(reader, 'a')).toBe('me');
});

test('a write that comes while another runs is not lost, and a long line is split', async () => {
  const { commits, transactions } = await setUp();
  let inner: Promise<boolean> | undefined;
  await commits.submit(async (tx) => {
    inner = commits.submit(claimLease('inner'));
    return claimLease('outer')(tx);
  });
  expect(await inner).toBe(true);
  expect(transactions()).toBe(2);
  await Promise.all(Array.from({ length: 450 }, (_, index) => commits.submit(claimLease(`n${index}`))));
  expect(transactions()).toBe(5);
  await commits.idle();
});

test('what had to wait for another process is committed when that is done, as is all that comes after', async () => {
  const { commits, path } = await setUp();
  const other = new Database(path);
  onTestFinished(() => void other.close());
  for (const key of ['a', 'b', 'c']) {
    other.exec('begin immediate');
    const waiting = commits.submit(claimLease(key));
    await delay(50); // several looks
    other.exec('commit');
    expect(await waiting).toBe(true);
  }
});

test('who has waited behind others for a lock is refused with them; who came late waits for himself', async () => {
  const { commits, path } = await setUp();
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  const ended: string[] = [];
  const write = (key: string) =>
    commits.submit(claimLease(key)).then(
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
