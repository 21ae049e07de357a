import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyContent, endCopied } from '../../../../../daemon/worker/lazy/database.js';
import { insertOutboxMessages } from '../../../../../daemon/worker/store/delivery/outbox.js';
import { eventually } from '../../../../helpers/eventually.js';
import { getProgram } from '../../../../helpers/debian-programs.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { openStore } from '../../../../helpers/open-store.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

const lane = { channel: 'webhook', accountId: 'default', chatId: '1' };

/** Opens and closes it, as a worker. @returns the codes of the warnings, and what the messages are then */
async function openOnce(url: string): Promise<unknown> {
  const database = await postgresAt(url).open({ isAlone: true });
  await database.close();
  const messages = await query(url, 'select state, last_error is not null as has_reason from outbox_messages');
  const received = await query(url, 'select state, error is not null as has_reason from inbox_messages');
  return { warnings: database.warnings?.map(({ code }) => code), messages, received };
}

const AS_BEFORE = { warnings: [], messages: [{ state: 'queued', has_reason: false }], received: [{ state: 'pending', has_reason: false }] };
const SET_ASIDE = {
  warnings: ['STORE_RESTORED'],
  messages: [{ state: 'unknown', has_reason: true }],
  received: [{ state: 'pending', has_reason: true }],
};

/** A database in which a message waits to be sent and another one to be answered. */
async function waitingDatabase(): Promise<string> {
  const url = await createDatabase();
  const store = await openStore({ engine: postgresAt(url) });
  await store.write((tx) =>
    insertOutboxMessages(tx, [{ ...lane, id: 'msg_1', content: 'hi', bodies: ['hi'], nowMs: 1_000, expiresAtMs: 9_000 }]),
  );
  await store.close();
  await query(
    url,
    `insert into inbox_messages (id, channel, account_id, scope, update_id, chat_id, peer_kind, content, state, received_at)
    values ('in_1', 'webhook', 'default', 'webhook', '1', '1', 'direct', 'hi', 'pending', 1000)`,
  );
  return url;
}

function run(name: string, ...args: string[]): void {
  const { directory, env } = getProgram('postgres');
  execFileSync(join(directory, name), args, { env: { ...process.env, ...env }, stdio: 'pipe' });
}

function dump(url: string): string {
  const file = join(tempDir(), 'xopc.dump');
  run('pg_dump', '--format=custom', `--file=${file}`, url);
  return file;
}

test('what was unfinished in a restored dump is set aside once', async () => {
  const file = dump(await waitingDatabase());
  const url = await createDatabase({ isEmpty: true });
  run('pg_restore', '--no-owner', `--dbname=${url}`, file);
  expect(await openOnce(url)).toEqual(SET_ASIDE);
  expect(await openOnce(url)).toEqual({ ...SET_ASIDE, warnings: [] });
});

test('the log says that a database was restored', async () => {
  const url = await createDatabase();
  await query(url, 'delete from restore_mark');
  const logger = logMemory();
  await openStore({ engine: postgresAt(url), logger });
  expect(logger.entries).toMatchObject([{ level: 'warn', fields: { code: 'STORE_RESTORED' } }]);
});

test('so it is where the dump replaces what its database had, however often', async () => {
  const url = await waitingDatabase();
  expect(await openOnce(url)).toEqual(AS_BEFORE);
  const file = dump(url);
  for (let times = 0; times < 2; times += 1) {
    run('pg_restore', '--clean', '--if-exists', '--no-owner', `--dbname=${url}`, file);
    expect(await openOnce(url)).toEqual(SET_ASIDE);
  }
});

test('a physical copy cannot be told apart; it counts as restored once its mark is removed', async () => {
  const url = await waitingDatabase();
  await query(url, 'vacuum (full, freeze)');
  expect(await openOnce(url)).toEqual(AS_BEFORE);
  await query(url, 'delete from restore_mark');
  expect(await openOnce(url)).toEqual(SET_ASIDE);
});

/** As pg_repack does: the rows are written again, into the same table. */
const repack = (url: string) => query(url, 'update restore_mark set written_by = written_by');

test('a table whose rows were written again while a gateway runs is no restored one, now and after the gateway has ended', async () => {
  const url = await waitingDatabase();
  const running = await postgresAt(url).open({ isAlone: true });
  await repack(url);
  expect(await openOnce(url)).toEqual(AS_BEFORE);
  await eventually(async () =>
    expect(await query(url, "select from restore_mark where written_by = xmin || ' ' || tableoid")).toHaveLength(1),
  );
  await running.close();
  expect(await openOnce(url)).toEqual(AS_BEFORE);
  await repack(url);
  expect(await openOnce(url)).toEqual(SET_ASIDE);
});

test('a database whose copy is used from now on does nothing that was unfinished', async () => {
  const url = await waitingDatabase();
  await endCopied({ url });
  expect(await openOnce(url)).toEqual({ ...SET_ASIDE, warnings: [] });
});

test('a copy by `xopc database copy` is no restored one', async () => {
  const [from, to] = [await waitingDatabase(), await createDatabase({ isEmpty: true })];
  await copyContent({ from: { url: from }, to: { url: to }, onProgress: () => undefined, beforeEnd: async () => undefined });
  expect(await openOnce(to)).toEqual(AS_BEFORE);
});
