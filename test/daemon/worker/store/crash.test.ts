import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { readNewestMessages } from '../../../../daemon/worker/store/conversations/messages.js';
import { findSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { exitOf, startFixture } from '../../../helpers/fixture-process.js';
import { openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { buildWorkerFixture } from '../../../helpers/worker-fixture.js';
import { queriesOf, type Transaction } from '../../../../daemon/worker/store/transaction.js';

const KEY = 'main:api:default:direct:crash';

/** Kills a writer once it has acknowledged so many messages. @returns all that it acknowledged */
async function writeUntilKilled(
  script: string,
  options: { path: string; prefix: string; count: number; kind?: string },
): Promise<string[]> {
  const acknowledged: string[] = [];
  const child = startFixture(script, [options.path, options.prefix, options.kind ?? '']);
  await new Promise<void>((resolve) => {
    child.on('message', (id: string) => {
      acknowledged.push(id);
      if (acknowledged.length === options.count) resolve();
    });
  });
  child.kill('SIGKILL');
  expect(await exitOf(child)).toBe('SIGKILL');
  // What was in the pipe when the process died still counts as acknowledged.
  if (child.connected) await once(child, 'disconnect');
  return acknowledged;
}

test('whatever was acknowledged is there after kill -9 in the middle of writes', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const script = buildWorkerFixture('store-writer');
  const acknowledged: string[] = [];
  for (const [round, count] of [1, 40, 333, 800].entries()) {
    acknowledged.push(...(await writeUntilKilled(script, { path, prefix: `r${round}`, count })));
  }

  const store = await openStore({ path });
  const messages = await store.read(async (tx) => {
    const row = await findSession(tx, KEY);
    return readNewestMessages(tx, { sessionId: row?.id ?? 0, limit: 1_000_000 });
  });
  const stored = new Map(messages.map((message) => [message.id, message.content]));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  for (const [id, content] of stored) expect(content.startsWith(`${id} `)).toBe(true);
  const session = await store.read((tx) => findSession(tx, KEY));
  expect(session?.messageCount).toBe(messages.length);
  expect(store.warnings()).toEqual([]);
  expect(new Database(path).pragma('quick_check')).toEqual([{ quick_check: 'ok' }]);
});

test('what was accepted in bursts is there once, in the order of each chat, after kill -9 in the middle of them', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const script = buildWorkerFixture('store-writer');
  const acknowledged: string[] = [];
  for (const [round, count] of [5, 100, 1_000, 700, 2_000].entries()) {
    acknowledged.push(...(await writeUntilKilled(script, { path, prefix: `r${round}`, count, kind: 'accept' })));
  }

  const store = await openStore({ path });
  const [messages, outgoing, parts, sessions] = await store.read((tx) =>
    Promise.all([
      queriesOf(tx).selectFrom('messages').select(['id', 'content']).orderBy('seq').execute(),
      queriesOf(tx).selectFrom('outbox_messages').select(['id', 'chat_id']).orderBy('seq').execute(),
      queriesOf(tx).selectFrom('outbox_parts').select('body').orderBy('message_seq').execute(),
      queriesOf(tx).selectFrom('sessions').select('message_count').execute(),
    ]),
  );
  const ids = outgoing.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
  expect(messages).toEqual(ids.map((id) => ({ id, content: `${id} text` })));
  expect(parts).toEqual(ids.map((id) => ({ body: `${id} body` })));
  expect(sessions.reduce((sum, { message_count: count }) => sum + count, 0)).toBe(ids.length);
  for (const chat of new Set(outgoing.map(({ chat_id: id }) => id))) {
    const own = outgoing.filter((row) => row.chat_id === chat).map(({ id }) => id.split('-').map((part) => Number(part.replace('r', ''))));
    expect(own).toEqual(own.toSorted(([roundA = 0, , a = 0], [roundB = 0, , b = 0]) => roundA - roundB || a - b));
  }
});

test('workers that open a new database at the same moment all get it and write to it', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const script = buildWorkerFixture('store-writer');
  const writers = ['a', 'b', 'c'].map((prefix) => startFixture(script, [path, prefix]));
  await Promise.all(writers.map((writer) => once(writer, 'message')));
  for (const writer of writers) writer.kill('SIGKILL');
  await Promise.all(writers.map(exitOf));
  const store = await openStore({ path });
  const messages = await store.read((tx) => queriesOf(tx).selectFrom('messages').select('id').execute());
  expect(new Set(messages.map(({ id }) => id.slice(0, 1)))).toEqual(new Set(['a', 'b', 'c']));
});

test('a commit syncs the log; references are checked; waiting for a lock is not left to SQLite', async () => {
  const store = await openStore();
  const read = async (tx: Transaction): Promise<unknown[]> => {
    const one = async (name: string) => (await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(queriesOf(tx))).rows[0];
    return [await one('journal_mode'), await one('synchronous'), await one('foreign_keys'), await one('busy_timeout')];
  };
  // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous.
  const settings = [{ journal_mode: 'wal' }, { synchronous: 2 }, { foreign_keys: 1 }, { timeout: 0 }];
  expect(await store.write(read)).toEqual(settings);
  expect((await store.writeEarly(read)).value).toEqual(settings);
});

test('only this user can read the database and what SQLite keeps beside it', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const umask = process.umask(0);
  try {
    const store = await openStore({ path });
    await store.write(async (tx) => void (await queriesOf(tx).deleteFrom('leases').execute()));
    const files = readdirSync(dirname(path)).map((name) => [name, (statSync(join(dirname(path), name)).mode & 0o777).toString(8)]);
    expect(Object.fromEntries(files)).toEqual({ 'gateway.db': '600', 'gateway.db-wal': '600', 'gateway.db-shm': '600' });
  } finally {
    process.umask(umask);
  }
});
