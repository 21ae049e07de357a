/** A session that holds the lock for writing and has sent only a part of a statement. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { beginWriting } from '../../../../../daemon/worker/store/postgres/begin-writing.js';
import { probeWriting } from '../../../../../daemon/worker/store/leases.js';
import { eventually } from '../../../../helpers/eventually.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

vi.mock('../../../../../daemon/worker/store/postgres/driver.js', async (original) => ({
  ...(await original<object>()),
  LOCK_TIMEOUT_MS: 500,
  QUERY_TIMEOUT_MS: 250,
}));

/** A message of the protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html. */
function message(type: string, body: string, missingBytes = 0): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length + missingBytes, 1);
  return Buffer.concat([head, Buffer.from(body, 'latin1')]);
}

test('a worker that stands still in the middle of a statement does not keep the others from writing for ever', async () => {
  const url = await createDatabase();
  const database = await postgresAt(url).open({ isAlone: true });
  onTestFinished(() => database.close());
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(beginWriting({ idleTimeoutMs: 0 }));
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  // The driver does not expect what the server answers.
  stream.removeAllListeners('data').resume();
  onTestFinished(() => void stream.destroy());
  const closed = once(stream, 'close');
  stream.write(Buffer.concat([message('P', '\0select $1::text\0\0\0'), message('B', '\0\0\0\0\0\x01', 100_000)]));
  const reads = async () => (await query(url, "select from pg_stat_activity where state = 'active' and wait_event = 'ClientRead'")).length;
  await eventually(async () => expect(await reads()).toBe(1));

  await database.transaction(probeWriting);
  await closed;
});

test('one that waits for its next statement is left to the server’s limit', async () => {
  const url = await createDatabase();
  const database = await postgresAt(url).open({ isAlone: true });
  onTestFinished(() => database.close());
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(beginWriting({ idleTimeoutMs: 0 }));
  await expect(database.transaction(probeWriting)).rejects.toThrow('lock timeout');
  await client.query('commit');
  await client.end();
  await database.transaction(probeWriting);
});
