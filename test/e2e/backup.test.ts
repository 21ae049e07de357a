/** Backup and restore through the real binary, while the gateway runs, under load, and cut short at any moment. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { RealGateway, runProcess, until, launcher } from '../helpers/real-gateway.js';
import { Load } from '../helpers/load.js';

async function addSession(gateway: RealGateway, chatId: string): Promise<void> {
  const answer = await fetch(`${gateway.url}/api/message`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: 'webchat', chat_id: chatId, content: `hello from ${chatId}` }),
  });
  expect(answer.status).toBe(200);
}

async function chats(gateway: RealGateway): Promise<string[]> {
  const answer = await fetch(`${gateway.url}/api/sessions?limit=200`);
  const { sessions } = (await answer.json()) as { sessions: { key: string }[] };
  return sessions.map(({ key }) => key.split(':').at(-1) ?? '').toSorted();
}

interface Restored {
  readonly replaced: string;
  readonly undo: string;
  readonly gateway: { readonly workerPid: number } | null;
}

async function restore(gateway: RealGateway, ...args: string[]): Promise<Restored> {
  const outcome = await gateway.xopc('restore', ...args, '--json');
  expect(outcome.code, outcome.stderr + outcome.stdout).toBe(0);
  return JSON.parse(outcome.stdout) as Restored;
}

async function backup(gateway: RealGateway, name = 'backup.tar.gz'): Promise<string> {
  const file = join(gateway.home, name);
  const outcome = await gateway.xopc('backup', file);
  expect(outcome.code, outcome.stderr).toBe(0);
  return file;
}

function integrity(path: string): unknown {
  const database = new Database(path);
  try {
    return database.prepare('pragma integrity_check').all();
  } finally {
    database.close();
  }
}

/** Adds 64 MB. */
function enlarge(path: string): void {
  const database = new Database(path);
  database.exec(`create table large (content blob);
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 64) insert into large select randomblob(1000000) from numbers;
    pragma wal_checkpoint(truncate)`);
  database.close();
}

const tokenPath = (gateway: RealGateway): string => join(gateway.xopcHome, 'credentials', 'token');

describe('a running gateway', () => {
  test('is backed up and put back under load, no request fails, and the undo brings back what was replaced', async () => {
    const gateway = await RealGateway.create();
    mkdirSync(gateway.xopcHome, { mode: 0o700 });
    const configPath = join(gateway.xopcHome, 'config.json');
    writeFileSync(configPath, '// mine\n{ "logs": { "level": "debug" } }\n', { mode: 0o600 });
    await gateway.run();
    await addSession(gateway, 'before');
    const token = readFileSync(tokenPath(gateway), 'utf8');
    const load = new Load({
      port: gateway.port,
      connectionsPerSecond: 50,
      keepAliveClients: 5,
      post: { path: '/api/sessions', body: '{"channel":"webchat","chat_id":"load"}' },
    });
    const file = await backup(gateway);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await addSession(gateway, 'after');
    writeFileSync(configPath, '{}\n');
    expect((await gateway.xopc('gateway', 'token', '--rotate')).code).toBe(0);
    const worker = gateway.workerPid();
    const restored = await restore(gateway, file);
    const { failures } = load.stop();
    expect(failures).toEqual({});
    expect(restored.gateway?.workerPid).not.toBe(worker);
    expect(await chats(gateway)).toEqual(['before', 'load']);
    expect(readFileSync(configPath, 'utf8')).toContain('// mine');
    expect(readFileSync(tokenPath(gateway), 'utf8')).toBe(token);
    await addSession(gateway, 'later');
    expect(restored.undo).toBe(`xopc restore ${restored.replaced}`);
    await restore(gateway, restored.replaced);
    expect(await chats(gateway)).toEqual(['after', 'before', 'load']);
    expect(readFileSync(configPath, 'utf8')).toBe('{}\n');
    expect(readFileSync(tokenPath(gateway), 'utf8')).not.toBe(token);
    expect(readdirSync(join(gateway.xopcHome, 'state', 'restore'))).toEqual([]);
  });

  test('keeps what it has when the file is unusable, and says why', { tags: ['long'] }, async () => {
    const gateway = await RealGateway.start();
    await addSession(gateway, 'kept');
    const worker = gateway.workerPid();
    const file = await backup(gateway);
    const whole = readFileSync(file);
    const cases = {
      'cut.tar.gz': whole.subarray(0, whole.length - 200),
      'changed.tar.gz': Buffer.from(whole),
      'other.txt': Buffer.from('no'),
    };
    cases['changed.tar.gz'].fill(0x5a, whole.length >> 1, (whole.length >> 1) + 64);
    for (const [name, content] of Object.entries(cases)) {
      const path = join(gateway.home, name);
      writeFileSync(path, content);
      const outcome = await gateway.xopc('restore', path);
      expect(outcome.code, outcome.stderr).toBe(2);
      expect(outcome.stderr).toContain('cannot be restored');
      expect(outcome.stderr).toContain('Nothing was changed');
    }
    expect((await gateway.xopc('restore', join(gateway.home, 'absent'))).stderr).toContain('the file does not exist');
    expect((await gateway.xopc('backup', file)).code).toBe(1);
    expect((await gateway.xopc('restore', file, '--check')).code).toBe(0);
    expect(gateway.workerPid()).toBe(worker);
    expect(await chats(gateway)).toEqual(['kept']);
    expect(readdirSync(join(gateway.xopcHome, 'state', 'restore'))).toEqual([]);
  });
});

test('without a gateway a backup is made and put back, also into a home that is new', async () => {
  const gateway = await RealGateway.start();
  await addSession(gateway, 'moved');
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  const file = await backup(gateway);
  const other = await RealGateway.create();
  expect((await restore(other, file)).gateway).toBeNull();
  await other.run();
  expect(await chats(other)).toEqual(['moved']);
  expect(readFileSync(tokenPath(other), 'utf8')).toBe(readFileSync(tokenPath(gateway), 'utf8'));
});

test('a backup that is killed leaves no file that looks like one', async () => {
  const gateway = await RealGateway.start();
  for (let number = 0; number < 20; number += 1) await addSession(gateway, `chat-${number}`);
  for (let round = 0; round < 4; round += 1) {
    const file = join(gateway.home, `round-${round}.tar.gz`);
    const running = runProcess(launcher, ['backup', file], { env: gateway.env });
    await until('the work to begin', () => readdirSync(gateway.home).some((name) => name.startsWith('.xopc-backup-')));
    running.child.kill('SIGKILL');
    await running.done;
    if (existsSync(file)) expect((await gateway.xopc('restore', file, '--check')).code).toBe(0);
  }
});

test('Ctrl-C ends a backup and a restore at once, and nothing of them is left', async () => {
  const gateway = await RealGateway.start();
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  enlarge(gateway.paths.databasePath);
  const source = join(gateway.home, 'source.db');
  copyFileSync(gateway.paths.databasePath, source);
  const staging = join(gateway.xopcHome, 'state', 'restore');
  const work = (): string[] => [
    ...readdirSync(gateway.home).filter((name) => name.startsWith('.xopc-backup-')),
    ...(existsSync(staging) ? readdirSync(staging) : []),
  ];
  for (const args of [
    ['backup', join(gateway.home, 'backup.tar.gz')],
    ['restore', source],
  ]) {
    const { child, done } = runProcess(launcher, args, { env: gateway.env });
    await until('the work to begin', () => work().length > 0);
    child.kill('SIGINT');
    expect([(await done).signal, work()]).toEqual(['SIGINT', []]);
  }
});

/** The states that a kill may leave are two: all as before, or all as in the backup. */
test.each(['command', 'supervisor'] as const)(
  'a restore whose %s is killed is done in full or not at all',
  { tags: ['long'] },
  async (victim) => {
    const gateway = await RealGateway.create();
    expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
    await addSession(gateway, 'old');
    const file = await backup(gateway);
    const oldToken = readFileSync(tokenPath(gateway), 'utf8');
    await addSession(gateway, 'new');
    expect((await gateway.xopc('gateway', 'token', '--rotate')).code).toBe(0);
    const newToken = readFileSync(tokenPath(gateway), 'utf8');
    const states = new Set<string>();
    const kept = join(gateway.xopcHome, 'state', 'replaced');
    const staging = join(gateway.xopcHome, 'state', 'restore');
    const keptNames = (): string[] => (existsSync(kept) ? readdirSync(kept) : []);
    for (const moment of ['staged', 'journal', 'quiet', 'kept'] as const) {
      const before = new Set(keptNames());
      // By name: only so many are kept, and two may be of one second.
      const fresh = (): string | undefined => keptNames().find((name) => !before.has(name));
      const supervisorPid = gateway.lock().pid;
      const worker = gateway.workerPid();
      const running = runProcess(launcher, ['restore', file], { env: gateway.env });
      await until(moment, () => {
        const names = existsSync(staging) ? readdirSync(staging) : [];
        if (moment === 'staged') return names.length > 0;
        if (moment === 'journal') return names.some((name) => existsSync(join(staging, name, 'journal.json')));
        if (moment === 'quiet') return gateway.findWorkerPid() !== worker;
        return fresh() !== undefined;
      });
      process.kill(victim === 'command' ? running.pid : supervisorPid, 'SIGKILL');
      await running.done;
      if (victim === 'supervisor') expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
      await until('the restore to have ended', async () => (await gateway.status()).state === 'running');
      await gateway.untilHealthy();
      const found = (await chats(gateway)).join();
      const token = readFileSync(tokenPath(gateway), 'utf8');
      expect([`old ${oldToken}`, `new,old ${newToken}`]).toContain(`${found} ${token}`);
      states.add(found);
      if (found === 'old') await restore(gateway, join(kept, fresh() ?? expect.fail('what was replaced is not kept')));
      expect(await chats(gateway)).toEqual(['new', 'old']);
    }
    expect(states).toContain('old');
    expect(integrity(join(gateway.xopcHome, 'state', 'gateway.db'))).toEqual([{ integrity_check: 'ok' }]);
  },
);
