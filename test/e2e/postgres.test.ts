/** A gateway on PostgreSQL, through the real binary: what it keeps, and what it does while the database is away. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireLease, readLeaseOwner } from '../../daemon/worker/store/leases.js';
import { inspectServer } from '../../daemon/worker/store/postgres/inspect.js';
import { createLiveness } from '../../daemon/worker/store/liveness.js';
import { queriesOf } from '../../daemon/worker/store/transaction.js';
import { postgresAt, query } from '../helpers/store-engine.js';
import { type Postgres, startPostgres, whyNoPostgres } from '../helpers/postgres.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const reason = whyNoPostgres();

async function send(gateway: RealGateway, content: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${gateway.url}/api/message`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: 'webchat', chat_id: 'chat', content }),
  });
  return { status: response.status, text: await response.text() };
}

async function said(gateway: RealGateway): Promise<string[]> {
  const response = await fetch(`${gateway.url}/api/sessions/${encodeURIComponent('main:webchat:default:direct:chat')}`);
  const { messages } = (await response.json()) as { messages: { content: string }[] };
  return messages.map(({ content }) => content);
}

const ready = async (gateway: RealGateway): Promise<number> => (await fetch(`${gateway.url}/health/ready`)).status;

describe.skipIf(reason !== undefined)(`PostgreSQL${reason === undefined ? '' : ` (${reason})`}`, () => {
  let postgres: Postgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startPostgres({ isDurable: true });
    url = await postgres.createDatabase();
  });
  afterAll(() => postgres.close());

  test(
    'what was accepted survives a restart, a crash of the worker and one of the server, whose absence is told and ends by itself',
    { tags: ['long'] },
    async () => {
      const gateway = await RealGateway.create({ XOPC_DATABASE_URL: url });
      mkdirSync(gateway.xopcHome);
      writeFileSync(gateway.paths.configPath, '{ "store": { "url": "${XOPC_DATABASE_URL}" } }');
      await gateway.run();
      expect((await send(gateway, 'one')).status).toBe(200);
      expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
      expect((await send(gateway, 'two')).status).toBe(200);
      const pid = gateway.workerPid();
      process.kill(pid, 'SIGKILL');
      await until('another worker', async () => gateway.findWorkerPid() !== pid && (await ready(gateway)) === 200);
      expect((await send(gateway, 'three')).status).toBe(200);

      await postgres.stop('immediate');
      const refused = await send(gateway, 'refused');
      expect(refused.status).toBe(503);
      expect(refused.text).toContain(`postgres://127.0.0.1:${postgres.port}/`);
      expect(await ready(gateway)).toBe(503);
      expect((await gateway.status()).warnings).toContainEqual(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
      await postgres.start();
      await until('the database is used again', async () => (await ready(gateway)) === 200);
      expect((await send(gateway, 'four')).status).toBe(200);
      expect(await said(gateway)).toEqual(['one', 'two', 'three', 'four']);

      const { password } = new URL(url);
      const doctor = (await gateway.xopc('doctor')).stdout;
      expect(doctor).toMatch(/✅ database: postgres:.* answers: PostgreSQL \d+, schema version \d+$/m);
      const shown = [JSON.stringify(await gateway.status()), refused.text, doctor, readFileSync(gateway.logPath, 'utf8')];
      expect(shown.filter((text) => text.includes(password))).toEqual([]);
      expect(existsSync(gateway.paths.databasePath)).toBe(false);

      const archive = join(gateway.xopcHome, 'backup.tar.gz');
      const backup = await gateway.xopc('backup', archive);
      expect([backup.code, backup.stdout + backup.stderr]).toEqual([
        0,
        expect.stringMatching(/does not contain the data in postgres:.*pg_dump/s),
      ]);
      const other = await RealGateway.create({ XOPC_DATABASE_URL: url });
      mkdirSync(other.xopcHome);
      writeFileSync(other.paths.configPath, '{}');
      const restored = await other.xopc('restore', archive);
      expect([restored.code !== 0, restored.stderr]).toEqual([
        true,
        expect.stringContaining('cannot be restored: this gateway stores everything in'),
      ]);
    },
  );

  test('through pgbouncer in transaction mode two workers write one after another, and read what is prepared', async () => {
    const direct = await postgres.createDatabase();
    const pooled = await postgres.pgbouncer(direct);
    expect((await inspectServer(pooled)).summary).toMatch(/, no tables yet, through a pooler$/);
    const workers = [await postgresAt(pooled).open({ isAlone: true }), await postgresAt(pooled).open({ isAlone: false })];
    const liveness = createLiveness('wk_1', () => []);
    const claim = async (index: number): Promise<boolean | undefined> =>
      workers[index % 2]?.transaction((tx) => acquireLease(tx, { key: `lease-${index}`, owner: 'wk_1', liveness, nowMs: 1 }));
    expect(await Promise.all(Array.from({ length: 40 }, (_, index) => claim(index)))).toEqual(Array.from({ length: 40 }, () => true));
    for (const { reader } of workers) {
      const owners = Array.from({ length: 40 }, (_, index) => readLeaseOwner(reader, `lease-${index}`));
      expect(new Set(await Promise.all(owners))).toEqual(new Set(['wk_1']));
    }
    // A session of the server keeps nothing that its next user would meet.
    const limits = workers.map(({ reader }) =>
      sql<{ value: string }>`select current_setting('statement_timeout') as value`.execute(queriesOf(reader)),
    );
    expect((await Promise.all(limits)).map(({ rows }) => rows)).toEqual([[{ value: '0' }], [{ value: '0' }]]);
    await Promise.all(workers.map((worker) => worker.close()));
  });

  test('pgbouncer in transaction mode passes no notifications on, which a worker notices; past it they arrive', async () => {
    const direct = await postgres.createDatabase();
    const pooled = await postgres.pgbouncer(direct);
    const engines = [postgresAt(pooled), postgresAt(pooled, { listenUrl: direct })] as const;
    const databases = [await engines[0].open({ isAlone: true }), await engines[1].open({ isAlone: false })];
    const lookMs = (): number[] => engines.map(({ membership }) => membership.lookAgainMs(500));
    const renewed = async (): Promise<boolean> =>
      (await query(direct, 'select from instances where renewed_at > joined_at + interval $$1 second$$')).length === 2;
    await until('both to have sent themselves one', async () => (await renewed()) && lookMs()[1] === 2_000);
    expect(lookMs()).toEqual([500, 2_000]);
    await Promise.all(databases.map((database) => database.close()));
  });
});
