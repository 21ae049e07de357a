import { createServer, connect as connectTo, type Socket } from 'node:net';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import type { OpenDatabase } from '../../../../../daemon/worker/store/engine.js';
import { ensureSession } from '../../../../../daemon/worker/store/conversations/sessions.js';
import { GroupCommit } from '../../../../../daemon/worker/store/group-commit.js';
import { acquireLease, readLeaseOwner } from '../../../../../daemon/worker/store/leases.js';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { queriesOf, type Transaction } from '../../../../../daemon/worker/store/transaction.js';
import { session } from '../../../../fixtures/session-parts.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

async function open(url: string, options: Parameters<typeof postgresAt>[1] = {}): Promise<OpenDatabase> {
  const database = await postgresAt(url, options).open({ isAlone: true });
  onTestFinished(() => database.close());
  return database;
}

const liveness = createLiveness('me', () => []);
const claim = (key: string) => (tx: Transaction) => acquireLease(tx, { key, owner: 'me', liveness, nowMs: 1 });
const owner = (database: OpenDatabase, key: string): Promise<string | undefined> => readLeaseOwner(database.reader, key);
const run = (tx: Transaction, statement: string) => sql.raw<Record<string, unknown>>(statement).execute(queriesOf(tx));
const endBackends = (database: OpenDatabase, which: string) =>
  run(database.reader, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and ${which}`);

/**
 * Passes bytes on, until a commit is to be lost: then its answer, or the commit itself, goes nowhere and the connection ends. So do the
 * answers of the first `looks` looks for its outcome.
 */
async function lossyProxy(
  url: string,
  lose: 'answer' | 'commit',
  { onLost = async () => undefined, looks = 0 }: { onLost?: () => Promise<unknown>; looks?: number } = {},
) {
  const state = { isArmed: false, lost: 0, looks };
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connectTo(Number(new URL(url).port), '127.0.0.1');
    sockets.push(client, upstream);
    let isLost = false;
    const end = (): void => void [client, upstream].map((socket) => socket.destroy());
    client.on('data', (bytes) => {
      const isCommit = state.isArmed && bytes.includes('commit\0');
      if (isCommit) {
        isLost = true;
        state.isArmed = false;
        state.lost += 1;
        if (lose === 'commit') return void onLost().then(end);
      } else if (state.lost > 0 && state.looks > 0 && bytes.includes('insert into commits')) {
        isLost = true;
        state.looks -= 1;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => (isLost ? void onLost().then(end) : client.write(bytes)));
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const through = new URL(url);
  through.port = String((server.address() as { port: number }).port);
  return { url: through.href, state };
}

test('a commit whose answer was lost counts as done, and is not done twice', async () => {
  const { url, state } = await lossyProxy(await createDatabase(), 'answer');
  const database = await open(url);
  state.isArmed = true;
  let runs = 0;
  const write = database.transaction((tx) => {
    runs += 1;
    return claim('a')(tx);
  });
  expect(await write).toBe(true);
  expect([runs, state.lost, await owner(database, 'a')]).toEqual([1, 1, 'me']);
  expect(await database.transaction(claim('b'))).toBe(true);
  // The row of a batch is removed by the next one.
  expect((await run(database.reader, 'select count(*) as count from commits')).rows).toEqual([{ count: 1 }]);
});

test('a commit that never arrived fails, and never comes true', async () => {
  const { url, state } = await lossyProxy(await createDatabase(), 'commit');
  const database = await open(url);
  state.isArmed = true;
  await expect(database.transaction(claim('a'))).rejects.toThrow('Connection terminated');
  expect([state.lost, await owner(database, 'a')]).toEqual([1, undefined]);
  expect(await database.transaction(claim('a'))).toBe(true);
});

test.each([
  ['answer', true],
  ['commit', false],
] as const)('a look for a commit whose own answer was lost finds the same: lost %s, stored %s', async (lose, isStored) => {
  const { url, state } = await lossyProxy(await createDatabase(), lose, { looks: 2 });
  const database = await open(url);
  state.isArmed = true;
  const isDone = await database.transaction(claim('a')).catch(() => false);
  expect([isDone, state.looks, await owner(database, 'a')]).toEqual([isStored, 0, isStored ? 'me' : undefined]);
});

test('a worker to which a commit seemed to have failed, though it was stored, ends before it writes anything else', async () => {
  for (const lose of ['answer', 'commit'] as const) {
    const direct = await createDatabase();
    // While it cannot find out: this happens otherwise when the database is away for long.
    const { url, state } = await lossyProxy(direct, lose, { onLost: () => query(direct, 'revoke insert on commits from current_user') });
    const lost: unknown[] = [];
    const database = await open(url, { onLost: (error) => lost.push(error) });
    state.isArmed = true;
    await expect(database.transaction(claim('a'))).rejects.toThrow('permission denied');
    await expect(database.transaction(claim('b'))).rejects.toThrow('permission denied');
    expect(lost).toEqual([]);
    await query(direct, 'grant insert on commits to current_user');
    if (lose === 'answer') {
      for (const key of ['b', 'c']) {
        await expect(database.transaction(claim(key))).rejects.toThrow('a write that this worker considered failed was stored');
      }
      expect(await Promise.all(['a', 'b', 'c'].map((key) => owner(database, key)))).toEqual(['me', undefined, undefined]);
      expect(lost).toHaveLength(1);
    } else {
      expect(await database.transaction(claim('b'))).toBe(true);
      expect([await owner(database, 'a'), lost]).toEqual([undefined, []]);
    }
  }
});

test('a write is not taken for stored when it was undone with its connection, whoever caught the error', async () => {
  const database = await open(await createDatabase());
  const write = database.transaction(async (tx) => {
    await claim('a')(tx);
    await endBackends(database, 'pid <> pg_backend_pid()');
    await claim('b')(tx).catch(() => undefined);
  });
  await expect(write).rejects.toThrow('the connection was lost before the commit');
  expect(await owner(database, 'a')).toBeUndefined();
});

test('a write whose connection ends before its commit is run again; reads go on with other connections', async () => {
  const database = await open(await createDatabase());
  await database.transaction(claim('a'));
  let runs = 0;
  const done = await database.transaction(async (tx) => {
    await claim('b')(tx);
    runs += 1;
    if (runs === 1) await endBackends(database, 'pid <> pg_backend_pid()');
    return claim('c')(tx);
  });
  expect([done, runs]).toEqual([true, 2]);
  expect(await Promise.all(['a', 'b', 'c'].map((key) => owner(database, key)))).toEqual(['me', 'me', 'me']);
});

test('a transaction of which a statement failed is not taken for stored, whoever caught the error', async () => {
  const database = await open(await createDatabase());
  const write = database.transaction(async (tx) => {
    await claim('a')(tx);
    await run(tx, 'select 1 / 0').catch(() => undefined);
  });
  await expect(write).rejects.toThrow('the transaction was undone');
  expect(await owner(database, 'a')).toBeUndefined();
});

test('two workers write one after another, each on what the other has committed', async () => {
  const url = await createDatabase();
  const [one, two] = [await open(url), await open(url)];
  await one.transaction((tx) => run(tx, "insert into inbox_cursors (scope, position, updated_at) values ('s', 0, 0)"));
  const add = (database: OpenDatabase) =>
    database.transaction(async (tx) => {
      const { rows } = await run(tx, "select position from inbox_cursors where scope = 's'");
      await run(tx, `update inbox_cursors set position = ${Number(rows[0]?.['position']) + 1} where scope = 's'`);
    });
  await Promise.all(Array.from({ length: 20 }, (_, index) => add(index % 2 === 0 ? one : two)));
  expect((await run(one.reader, 'select position from inbox_cursors')).rows).toEqual([{ position: 20 }]);
});

test('a worker that stands still in a transaction loses it before the writes of others fail', async () => {
  const url = await createDatabase();
  const [still, other] = [await open(url), await open(url)];
  const results: boolean[] = [];
  const write = still.transaction(async (tx) => {
    await claim('a')(tx);
    if (results.length === 0) results.push(await other.transaction(claim('b')));
    return claim('c')(tx);
  });
  expect([await write, ...results]).toEqual([true, true]);
  expect(await Promise.all(['a', 'b', 'c'].map((key) => owner(other, key)))).toEqual(['me', 'me', 'me']);
});

const OTHER_RESULT = 'alter table leases alter column owner type varchar(80)';

test('a prepared statement that the server lost, or whose result has changed, is run without a name', async () => {
  const url = await createDatabase();
  for (const change of ['deallocate all', OTHER_RESULT]) {
    const database = await open(url);
    await database.transaction(claim('a'));
    await database.transaction(async (tx) => void (await run(tx, change)));
    expect(await database.transaction((tx) => readLeaseOwner(tx, 'a'))).toBe('me');
    expect(await owner(database, 'a')).toBe('me');
    await database.close();
  }
});

test('reads at the same time, of which each finds its prepared statement stale, are all run without a name', async () => {
  const url = await createDatabase();
  const database = await open(url);
  await database.transaction(claim('a'));
  const read = () => Promise.all(Array.from({ length: 5 }, () => owner(database, 'a')));
  await read();
  await query(url, OTHER_RESULT);
  expect(await read()).toEqual(['me', 'me', 'me', 'me', 'me']);
});

test('a batch that finds a prepared statement stale is run again as a whole, also while its writes are run apart', async () => {
  const url = await createDatabase();
  const database = await open(url);
  const commits = new GroupCommit({ database: async () => database, classify: () => 'other', publish: () => undefined });
  await commits.submit(claim('a'));
  await query(url, OTHER_RESULT);
  const read = () => commits.submit((tx) => readLeaseOwner(tx, 'a'));
  const reason = new Error('refused');
  const done = { status: 'fulfilled', value: 'me' };
  expect(await Promise.allSettled([commits.submit(() => Promise.reject(reason)), read(), read()])).toEqual([
    { status: 'rejected', reason },
    done,
    done,
  ]);
});

test.each(['repeatable read', 'serializable'])('writes of two workers see each other where the default isolation is %s', async (level) => {
  const url = await createDatabase();
  await query(url, `alter database ${new URL(url).pathname.slice(1)} set default_transaction_isolation = '${level}'`);
  const databases = [await open(url), await open(url)];
  const writes = databases.map(async (database) => {
    for (let index = 0; index < 20; index += 1) await database.transaction((tx) => ensureSession(tx, { ...session(`${index}`), nowMs: 1 }));
  });
  expect(await Promise.allSettled(writes)).toEqual(writes.map(() => ({ status: 'fulfilled', value: undefined })));
});
