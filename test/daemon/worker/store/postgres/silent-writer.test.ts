/** A session that holds the lock for writing and has sent only a part of a statement. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { beginWriting } from '../../../../../daemon/worker/store/postgres/begin-writing.js';
import { Committer } from '../../../../../daemon/worker/store/postgres/committer.js';
import { Preparing } from '../../../../../daemon/worker/store/postgres/driver.js';
import { probeWriting } from '../../../../../daemon/worker/store/leases.js';
import { eventually } from '../../../../helpers/eventually.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

/** A writer that does not wait for others for long. */
async function makeWriter(url: string): Promise<Committer> {
  const engine = postgresAt(url);
  const database = await engine.open({ isAlone: true });
  onTestFinished(() => database.close());
  const { membership, place } = engine;
  const committer = new Committer({ url, place, membership, preparing: new Preparing(), lockTimeoutMs: 500, silentMs: 250 });
  onTestFinished(() => committer.close());
  return committer;
}

/** A message of the protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html. */
function message(type: string, body: string, missingBytes = 0): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length + missingBytes, 1);
  return Buffer.concat([head, Buffer.from(body, 'latin1')]);
}

test('a worker that stands still in the middle of a statement does not keep the others from writing forever', async () => {
  const url = await createDatabase();
  const writer = await makeWriter(url);
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
  const stuck = "select from pg_stat_activity where datname = current_database() and state = 'active' and wait_event = 'ClientRead'";
  await eventually(async () => expect(await query(url, stuck)).toHaveLength(1));

  await writer.transaction(probeWriting);
  await closed;
});

test('one that waits for its next statement is left to the server’s limit', async () => {
  const url = await createDatabase();
  const writer = await makeWriter(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(beginWriting({ idleTimeoutMs: 0 }));
  await expect(writer.transaction(probeWriting)).rejects.toThrow('lock timeout');
  await client.query('commit');
  await client.end();
  await writer.transaction(probeWriting);
});
