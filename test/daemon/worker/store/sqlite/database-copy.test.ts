import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { copyDatabase, prepareDatabase } from '../../../../../daemon/worker/lazy/database.js';
import { MIGRATIONS, NEWEST_SCHEMA } from '../../../../../daemon/worker/store/migrations/index.js';
import { addPageSecret } from '../../../../../daemon/worker/store/access/page-secrets.js';
import { insertInboxMessage } from '../../../../../daemon/worker/store/delivery/inbox.js';
import { insertOutboxMessages } from '../../../../../daemon/worker/store/delivery/outbox.js';
import { openSqlite } from '../../../../../daemon/worker/store/sqlite/open.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

/** The schema of a database before the one active worker contracts it. */
const EXPANDED = MIGRATIONS.find((_migration, index) => MIGRATIONS[index + 1]?.phase === 'contract')?.version;
const lane = { channel: 'webhook', accountId: 'default', chatId: '1' };

async function filledStore() {
  const path = join(tempDir(), 'state', 'gateway.db');
  const store = await openStore({ path });
  await addSession(store, 'kept');
  const values = { ...lane, content: 'hi', bodies: ['hi', 'ho'], nowMs: 1_000, expiresAtMs: 9_000 };
  await store.write((db) => insertOutboxMessages(db, [{ ...values, id: 'msg_1' }]));
  await store.write((tx) => addPageSecret(tx, { kind: 'session', hash: 'h1', expiresAtMs: 9_000, tokenId: null, nowMs: 1_000 }));
  return { path, store, copy: join(dirname(path), 'copy.db'), ready: join(dirname(path), 'ready.db') };
}

function rows(path: string, sql: string): unknown[] {
  const database = new Database(path);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

test('a copy holds what was committed when it was made, while the store goes on, and is one file', async () => {
  const { path, store, copy } = await filledStore();
  expect(await copyDatabase(path, copy)).toBe(EXPANDED);
  await addSession(store, 'later');
  expect(rows(copy, 'select peer_id from sessions')).toEqual([{ peer_id: 'kept' }]);
  expect(readdirSync(dirname(copy)).filter((name) => name.startsWith('copy.db'))).toEqual(['copy.db']);
});

test.each([
  { unsettled: 'unknown' as const, state: 'unknown', parts: ['unknown', 'unknown'], signedIn: [] },
  { unsettled: 'send' as const, state: 'queued', parts: ['queued', 'queued'], signedIn: [{ hash: 'h1' }] },
])('what was on its way when the copy was made is $state with $unsettled', async ({ unsettled, state, parts, signedIn }) => {
  const { path, copy, ready } = await filledStore();
  await copyDatabase(path, copy);
  await prepareDatabase(copy, { to: ready, unsettled });
  expect(rows(ready, 'select state from outbox_messages')).toEqual([{ state }]);
  expect(rows(ready, 'select state from outbox_parts').map((row) => (row as { state: string }).state)).toEqual(parts);
  // A browser may have been signed out since.
  expect(rows(ready, 'select hash from page_secrets')).toEqual(signedIn);
  expect(rows(path, 'select state from outbox_messages')).toEqual([{ state: 'queued' }]);
  expect(existsSync(`${ready}-wal`)).toBe(false);
  const store = await openStore({ path: ready });
  expect(store.warnings()).toEqual([]);
});

test('what became unknown is kept as long as if it had just ended, however old the copy is', async () => {
  const { path, store, copy, ready } = await filledStore();
  await store.write((tx) =>
    insertInboxMessage(tx, { ...lane, id: 'in_1', scope: 's', updateId: '1', peerKind: 'direct', content: 'hi', nowMs: 1_000 }),
  );
  rows(path, "update inbox_messages set turn_id = 'turn_1'");
  await copyDatabase(path, copy);
  const beganAtMs = Date.now();
  await prepareDatabase(copy, { to: ready, unsettled: 'unknown' });
  const ended = rows(ready, 'select finished_at from outbox_messages union all select finished_at from inbox_messages');
  expect(ended).toHaveLength(2);
  for (const row of ended) expect((row as { finished_at: number }).finished_at).toBeGreaterThanOrEqual(beganAtMs);
});

test('an older schema is brought up to date', async () => {
  const directory = join(tempDir(), 'state');
  const [path, copy, ready] = ['gateway.db', 'copy.db', 'ready.db'].map((name) => join(directory, name)) as [string, string, string];
  await (await openSqlite(path, MIGRATIONS.slice(0, 3))).close();
  expect(await copyDatabase(path, copy)).toBe(3);
  await prepareDatabase(copy, { to: ready, unsettled: 'unknown' });
  const contraction = MIGRATIONS.findLast(({ phase }) => phase === 'contract')?.version ?? 0;
  expect(rows(ready, 'pragma user_version')).toEqual([{ user_version: contraction * 65_536 + NEWEST_SCHEMA }]);
});

test.each([
  {
    name: 'a newer schema',
    damage: (path: string) => rows(path, `pragma user_version = ${NEWEST_SCHEMA + 1}`),
    says: 'it was written by a newer xopc',
  },
  { name: 'another program', damage: (path: string) => rows(path, 'pragma application_id = 7'), says: 'it belongs to another program' },
  { name: 'a shopping list', damage: (path: string) => writeFileSync(path, 'milk, eggs\n'.repeat(100)), says: 'cannot be used' },
])('$name is refused', async ({ damage, says }) => {
  const { path, copy, ready } = await filledStore();
  await copyDatabase(path, copy);
  damage(copy);
  await expect(prepareDatabase(copy, { to: ready, unsettled: 'unknown' })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining(says) as string,
  });
  expect(existsSync(ready)).toBe(false);
});
