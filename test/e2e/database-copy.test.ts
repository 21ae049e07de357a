/** `xopc database copy` through the real binary, from SQLite to PostgreSQL and back, killed on the way. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { startPostgres, whyNoPostgres } from '../helpers/postgres.js';
import { launcher, type Outcome, RealGateway, runProcess, until } from '../helpers/real-gateway.js';
import { query } from '../helpers/store-engine.js';

const reason = whyNoPostgres();
const MESSAGES = 2_500;
const LIMIT_MS = 60_000;
const COPY = ['database', 'copy', '--to', '${XOPC_DATABASE_URL}'];

async function send(gateway: RealGateway, content: string): Promise<void> {
  const response = await fetch(`${gateway.url}/api/message`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: 'webchat', chat_id: 'chat', content }),
  });
  expect(response.status).toBe(200);
}

async function said(gateway: RealGateway): Promise<string[]> {
  const response = await fetch(`${gateway.url}/api/sessions/${encodeURIComponent('main:webchat:default:direct:chat')}`);
  const { messages } = (await response.json()) as { messages: { content: string }[] };
  return messages.map(({ content }) => content);
}

function addMessages(path: string): void {
  const database = new Database(path);
  database.exec(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${MESSAGES})
    insert into messages (id, session_id, role, content, status, created_at)
    select 'old-' || n, (select id from sessions), 'user', 'old ' || n, 'complete', 1 from numbers`);
  database.close();
}

/** Adds a message as a process that is killed does: it is in the log only. */
function addInLog(path: string): void {
  const statement = `insert into messages (id, session_id, role, content, status, created_at)
    select 'in-log', (select id from sessions), 'user', 'in the log', 'complete', 1`;
  const program = `new (require('libsql'))(process.argv[1]).exec(process.argv[2]); process.kill(process.pid, 'SIGKILL')`;
  spawnSync(process.execPath, ['-e', program, path, statement]);
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
}

function readIn(path: string, statement: string): unknown[] {
  const database = new Database(path);
  try {
    return database.prepare(statement).all();
  } finally {
    database.close();
  }
}

const newestIn = (path: string): unknown[] => readIn(path, 'select content from messages order by seq desc limit 2');

test.skipIf(reason !== undefined)(
  'a gateway moves to PostgreSQL and back, whatever was killed on the way, and shows no password',
  { tags: ['long'], timeout: 180_000 },
  async () => {
    const postgres = await startPostgres();
    try {
      const url = await postgres.createDatabase();
      const gateway = await RealGateway.create({ XOPC_DATABASE_URL: url });
      await gateway.run();
      await send(gateway, 'one');
      expect((await gateway.xopc('cron', 'add', 'every 1h', 'hi', '--channel', 'webchat', '--chat', 'chat')).code).toBe(0);
      const outcomes: Outcome[] = [];
      const run = async (...args: string[]): Promise<Outcome> => {
        const outcome = await gateway.xopc(...args);
        outcomes.push(outcome);
        return outcome;
      };
      const refused = await run(...COPY);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/the gateway is running.*\n.*xopc gateway stop/)]);
      expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
      addMessages(gateway.paths.databasePath);

      const copied = async (): Promise<number> => {
        const rows = await query(url, "select copied from xopc_copy where name = 'messages'").catch(() => []);
        return Number(rows[0]?.['copied'] ?? 0);
      };
      const { child: first, done: killed } = runProcess(launcher, COPY, { env: gateway.env });
      // It may be faster than we look.
      await until('the first messages', async () => first.exitCode !== null || (await copied()) > 0, LIMIT_MS);
      first.kill('SIGKILL');
      outcomes.push(await killed);
      const moved = await run(...COPY, '--use', '--json');
      expect([moved.code, JSON.parse(moved.stdout)]).toEqual([
        0,
        expect.objectContaining({
          isUsed: true,
          unended: null,
          to: `postgres://127.0.0.1:${postgres.port}${new URL(url).pathname}`,
          tables: expect.arrayContaining([{ table: 'messages', rows: MESSAGES + 1, checksum: expect.any(String) as string }]) as unknown[],
        }),
      ]);
      expect(readFileSync(gateway.paths.configPath, 'utf8')).toContain('${XOPC_DATABASE_URL}');
      expect(readIn(gateway.paths.databasePath, 'select next_at from cron_jobs')).toEqual([{ next_at: 0 }]);
      expect(Number((await query(url, 'select next_at from cron_jobs'))[0]?.['next_at'])).toBeGreaterThan(0);
      expect((await run('config', 'set', 'store.listenUrl', '${XOPC_DATABASE_URL}')).code).toBe(0);
      await gateway.run();
      await send(gateway, 'two');
      expect((await said(gateway)).slice(-2)).toEqual([`old ${MESSAGES}`, 'two']);
      expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);

      addInLog(gateway.paths.databasePath);
      const full = await run('database', 'copy', '--to', 'sqlite');
      expect([full.code, full.stderr]).toEqual([1, expect.stringMatching(/it has an earlier copy, and one of both has changed.*\n.*mv /)]);
      execFileSync('sh', ['-c', /mv .*/.exec(full.stderr)?.[0] ?? 'false']);
      const { child, done } = runProcess(launcher, ['database', 'copy', '--to', 'sqlite'], { env: gateway.env });
      await until('the copy to begin', () => child.exitCode !== null || existsSync(`${gateway.paths.databasePath}.copy`), LIMIT_MS);
      child.kill('SIGKILL');
      outcomes.push(await done);
      const back = await run('database', 'copy', '--to', 'sqlite', '--use');
      expect([back.code, back.stdout]).toEqual([0, expect.stringContaining(`copied from postgres://127.0.0.1:${postgres.port}/`)]);
      expect(readFileSync(gateway.paths.configPath, 'utf8')).not.toMatch(/url/i);
      expect(newestIn(gateway.paths.databasePath)).toEqual([{ content: 'two' }, { content: `old ${MESSAGES}` }]);
      expect(newestIn(`${gateway.paths.databasePath}.old`)[0]).toEqual({ content: 'in the log' });
      const { password } = new URL(url);
      expect(outcomes.filter(({ stdout, stderr }) => (stdout + stderr).includes(password))).toEqual([]);
    } finally {
      await postgres.close();
    }
  },
);
