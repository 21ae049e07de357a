/** Several configurations in one home, through the real binary: each its own gateway with its own data. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startWebhookReceiver, type WebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { isAlive, type Outcome, RealGateway, until } from '../helpers/real-gateway.js';

/** Two configurations that send to one receiver. */
async function twoOf(receiver?: WebhookReceiver): Promise<{ main: RealGateway; work: RealGateway }> {
  const main = await RealGateway.create();
  const work = await RealGateway.beside(main, 'work.json');
  mkdirSync(main.xopcHome, { mode: 0o700 });
  const accounts = { default: { url: receiver?.url, inboundToken: 'inbound-token-0123456789' } };
  const text = JSON.stringify(receiver === undefined ? {} : { channels: { webhook: { accounts } } });
  for (const { paths } of [main, work]) writeFileSync(paths.configPath, text, { mode: 0o600 });
  return { main, work };
}

async function call(gateway: RealGateway, path: string, body?: object): Promise<Record<string, unknown>> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(gateway.url + path, body === undefined ? {} : request);
  expect(answer.ok, `${path} ${answer.status}`).toBe(true);
  return (await answer.json()) as Record<string, unknown>;
}

const send = (gateway: RealGateway, content: string): Promise<unknown> =>
  call(gateway, '/api/message', { channel: 'webhook', chat_id: 'chat', content });

async function listed(gateway: RealGateway): Promise<Record<string, unknown>[]> {
  const { stdout } = await gateway.xopc('gateway', 'list', '--json');
  return (JSON.parse(stdout) as { gateways: Record<string, unknown>[] }).gateways;
}

const succeeded = ({ code, stdout, stderr }: Outcome): string => {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('two gateways of one home at once', () => {
  test('have sessions, jobs, tokens and logs of their own', { tags: ['long'] }, async () => {
    const { main, work } = await twoOf();
    await Promise.all([main.run(), work.run()]);
    expect([main.paths.dataDir, work.paths.dataDir].filter((path) => path === main.xopcHome)).toHaveLength(1);
    await call(main, '/api/agent', { message: 'hello', session: 'only-main' });
    succeeded(await work.xopc('cron', 'add', 'every 1h', 'only-work', '--channel', 'webchat', '--chat', 'c'));
    const of = async (gateway: RealGateway): Promise<string[]> => [
      succeeded(await gateway.xopc('sessions', 'list', '--json')),
      succeeded(await gateway.xopc('cron', 'list', '--json')),
    ];
    const [mainSessions = '', mainJobs = ''] = await of(main);
    const [workSessions = '', workJobs = ''] = await of(work);
    expect([mainSessions, workSessions].map((text) => text.includes('only-main'))).toEqual([true, false]);
    expect([mainJobs, workJobs].map((text) => text.includes('only-work'))).toEqual([false, true]);
    const tokens = await Promise.all([main, work].map(async (one) => succeeded(await one.xopc('gateway', 'token', '--show')).trim()));
    expect(new Set(tokens).size).toBe(2);
    const pids = (gateway: RealGateway): unknown[] => [...new Set(gateway.log().map(({ pid }) => pid))];
    expect(pids(main).filter((pid) => pids(work).includes(pid))).toEqual([]);
    const logs = succeeded(await work.xopc('gateway', 'logs', '--json', '--lines', '500'));
    expect(logs).toContain(work.paths.configPath);
    expect(logs).not.toContain(main.paths.configPath);
    expect(await listed(work)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ configPath: main.paths.configPath, port: main.port, state: 'running', dataDir: main.paths.dataDir }),
        expect.objectContaining({ configPath: work.paths.configPath, port: work.port, state: 'running', dataDir: work.paths.dataDir }),
      ]),
    );
  });

  test('one is restarted, killed and stopped while the other stays as it is', { tags: ['long'] }, async () => {
    const { main, work } = await twoOf();
    await main.run();
    const running = await work.run();
    const before = await main.status();
    succeeded(await work.xopc('gateway', 'restart'));
    await work.untilHealthy();
    process.kill(work.lock().pid, 'SIGKILL');
    await running.done;
    await until('its worker to be gone', () => work.lock().children.every(({ pid }) => !isAlive(pid)));
    expect(await listed(main)).toEqual([
      expect.objectContaining({ configPath: main.paths.configPath, running: true }),
      expect.objectContaining({ configPath: work.paths.configPath, running: false, state: 'stopped' }),
    ]);
    await work.run();
    expect((await work.xopc('gateway', 'stop')).code).toBe(0);
    const asked = await work.xopc('gateway', 'status');
    expect(asked).toMatchObject({ code: 3, stderr: expect.stringContaining(`Running in this home: ${main.paths.configPath}`) as string });
    const { instanceId, worker } = await main.status();
    expect({ instanceId, worker: worker?.pid }).toEqual({ instanceId: before.instanceId, worker: before.worker?.pid });
    expect(readdirSync(join(main.xopcHome, 'locks'))).toEqual([expect.stringMatching(/^gateway\..*\.lock$/)]);
    expect([main, work].map(({ paths }) => existsSync(paths.dataLockPath))).toEqual([true, false]);
  });

  test('a message that one accepted is sent by it alone, also after a start of the other', async () => {
    const receiver = await startWebhookReceiver();
    receiver.react = () => ({ status: 503 });
    const { main, work } = await twoOf(receiver);
    const running = await main.run();
    await send(main, 'from main');
    await until('a try', () => receiver.received.length > 0);
    process.kill(main.lock().pid, 'SIGKILL');
    await running.done;
    await until('its worker to be gone', () => main.lock().children.every(({ pid }) => !isAlive(pid)));
    receiver.received.length = 0;
    receiver.react = () => ({ status: 204 });
    await work.run();
    await send(work, 'from work');
    await until('the message of the other', () => receiver.received.length > 0);
    expect(receiver.received.map(({ content }) => content)).toEqual(['from work']);
    await main.run();
    await until('the message that waited', () => receiver.received.length > 1);
    expect(receiver.received.map(({ content }) => content)).toEqual(['from work', 'from main']);
  });
});

test.each([
  ['a symlink', symlinkSync],
  ['a hard link', linkSync],
])('a start, a stop and a restart under %s name the gateway that already runs', async (_what, makeLink) => {
  const { main } = await twoOf();
  const running = await main.run();
  const alias = await RealGateway.beside(main, 'alias.json');
  makeLink(main.paths.configPath, alias.paths.configPath);
  for (const args of [[], ['start'], ['--force']])
    expect(await alias.xopc('gateway', ...args)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`already runs for this configuration as ${main.paths.configPath}: pid ${main.lock().pid}`) as string,
    });
  for (const command of ['stop', 'stop --force', 'restart', 'restart --force']) {
    const { code, stderr } = await alias.xopc('gateway', ...command.split(' '));
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining(main.paths.configPath) as string });
    expect(stderr).toContain(`xopc gateway ${command} --config ${main.paths.configPath}`);
  }
  expect(running.child.exitCode).toBeNull();
  expect(await listed(main)).toHaveLength(1);
  expect(existsSync(join(main.xopcHome, 'gateways'))).toBe(false);
});

test('the data of an earlier version stays with the configuration that last used it', async () => {
  const { main, work } = await twoOf();
  await main.run();
  await call(main, '/api/agent', { message: 'hello', session: 'earlier' });
  succeeded(await main.xopc('gateway', 'stop'));
  // Earlier versions made no record.
  expect(JSON.parse(readFileSync(main.paths.ownerPath, 'utf8'))).toEqual({ v: 1, configPath: 'config.json' });
  rmSync(main.paths.ownerPath);
  await work.run();
  expect(succeeded(await work.xopc('sessions', 'list', '--json'))).not.toContain('earlier');
  await main.run();
  expect(succeeded(await main.xopc('sessions', 'list', '--json'))).toContain('earlier');
  expect(main.paths.dataDir).toBe(main.xopcHome);
});

test('a backup of one is restored for that one alone', async () => {
  const { main, work } = await twoOf();
  await Promise.all([main.run(), work.run()]);
  await call(work, '/api/agent', { message: 'hello', session: 'kept' });
  const file = join(main.home, 'work.tar.gz');
  succeeded(await work.xopc('backup', file));
  await call(work, '/api/agent', { message: 'hello', session: 'later' });
  const { worker } = await main.status();
  succeeded(await work.xopc('restore', file));
  const sessions = succeeded(await work.xopc('sessions', 'list', '--json'));
  expect(['kept', 'later'].map((name) => sessions.includes(name))).toEqual([true, false]);
  expect((await main.status()).worker?.pid).toBe(worker?.pid);
  expect(succeeded(await work.xopc('doctor'))).toContain(work.paths.databasePath);
});
