/** A database that cannot be used never takes the gateway down: it says so, keeps what was there, and goes on by itself. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const stateDir = (gateway: RealGateway): string => join(gateway.xopcHome, 'state');
const databasePath = (gateway: RealGateway): string => join(stateDir(gateway), 'gateway.db');

async function post(gateway: RealGateway, path: string, body: object): Promise<number> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  await answer.arrayBuffer();
  return answer.status;
}

const accept = (gateway: RealGateway, chatId = 'a'): Promise<number> =>
  post(gateway, '/api/message', { channel: 'webchat', chat_id: chatId, content: 'hello '.repeat(200) });

const countSaid = async (gateway: RealGateway): Promise<number> => {
  const answer = await fetch(`${gateway.url}/api/sessions/${encodeURIComponent('main:webchat:default:direct:a')}`);
  return ((await answer.json()) as { messages: unknown[] }).messages.length;
};

/** A gateway that is too busy to say is asked again. */
const warningCodes = async (gateway: RealGateway): Promise<string[]> => {
  const warnings = await until('the status', async () => ((await gateway.status()) as Partial<StatusDocument>).warnings);
  return warnings.map(({ code }) => code);
};

const copies = (gateway: RealGateway): string[] => readdirSync(stateDir(gateway)).filter((name) => /\.corrupt-\d{8}T\d{6}Z$/.test(name));

/** A home with a database in which something was said, and no gateway. */
async function stopped(): Promise<RealGateway> {
  const gateway = await RealGateway.start();
  for (let number = 0; number < 60; number += 1) expect(await accept(gateway)).toBe(200);
  await stop(gateway);
  return gateway;
}

async function stop(gateway: RealGateway): Promise<void> {
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  // All of it is in the one file: a log beside it would repair what is damaged here.
  expect(statSync(`${databasePath(gateway)}-wal`).size).toBe(0);
}

const FILES: Record<string, (path: string) => void> = {
  'that is garbage': (path) => writeFileSync(path, 'shopping list\n'.repeat(5_000)),
  'of which the first page is damaged': (path) => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4_000, 0x5a), 0, 4_000, 0);
    closeSync(file);
  },
};

describe('a database', () => {
  test.each(Object.keys(FILES))(
    '%s is set aside byte by byte, the gateway serves, and status says so also after a restart',
    async (name) => {
      const gateway = await stopped();
      FILES[name]?.(databasePath(gateway));
      const before = readFileSync(databasePath(gateway));
      await gateway.run();
      expect(await accept(gateway)).toBe(200);
      expect(copies(gateway)).toHaveLength(1);
      expect(readFileSync(join(stateDir(gateway), copies(gateway)[0] ?? ''))).toEqual(before);
      expect(await warningCodes(gateway)).toContain('STORE_SET_ASIDE');
      expect((await gateway.xopc('gateway', 'status')).stdout).toContain(copies(gateway)[0]);
      expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
      expect(await warningCodes(gateway)).toContain('STORE_SET_ASIDE');
      rmSync(join(stateDir(gateway), copies(gateway)[0] ?? ''));
      await until('the warning to go', async () => !(await warningCodes(gateway)).includes('STORE_SET_ASIDE'));
    },
  );

  test('that was cut off while it was used is set aside, and what is accepted afterwards is kept', async () => {
    const gateway = await stopped();
    await gateway.run();
    expect(await accept(gateway)).toBe(200);
    truncateSync(databasePath(gateway), 8_192);
    await until('it to be noticed', async () => {
      await fetch(`${gateway.url}/api/sessions?search=hello`).then((answer) => answer.arrayBuffer());
      await accept(gateway);
      return copies(gateway).length > 0;
    });
    await until('messages to be accepted', async () => (await accept(gateway, 'later')) === 200);
    await until('status to say so', async () => (await warningCodes(gateway)).includes('STORE_SET_ASIDE'));
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    const sessions = await fetch(`${gateway.url}/api/sessions`).then((answer) => answer.text());
    expect(sessions).toContain('direct:later');
  });

  const REMOVED: Record<string, readonly string[]> = { log: ['-wal'], files: ['', '-wal', '-shm'] };

  test.each(Object.keys(REMOVED))(
    'whose %s somebody removes while it is used loses nothing that was accepted, through a restart and a kill of everything',
    async (name) => {
      const gateway = await RealGateway.start();
      const acceptMany = async (): Promise<void> => {
        for (let number = 0; number < 20; number += 1) expect(await accept(gateway)).toBe(200);
      };
      await acceptMany();
      for (const suffix of REMOVED[name] ?? []) rmSync(databasePath(gateway) + suffix);
      await acceptMany();
      expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
      expect(await countSaid(gateway)).toBe(40);
      for (const suffix of REMOVED[name] ?? []) rmSync(databasePath(gateway) + suffix);
      await acceptMany();
      for (const pid of [gateway.lock().pid, gateway.workerPid()]) process.kill(pid, 'SIGKILL');
      await gateway.run();
      expect(await countSaid(gateway)).toBe(60);
      expect(await warningCodes(gateway)).toEqual([]);
      expect(gateway.log().some(({ msg }) => String(msg).includes('its content was put back'))).toBe(true);
    },
  );

  test('that was cut off to nothing is not taken for a new one: 503, not ready, and doctor says what to do', async () => {
    const gateway = await stopped();
    truncateSync(databasePath(gateway));
    await gateway.run();
    expect(await accept(gateway)).toBe(503);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    expect(await warningCodes(gateway)).toEqual(['STORE_UNAVAILABLE']);
    expect((await gateway.xopc('doctor')).stdout).toMatch(/gateway\.db is empty.*\n.*xopc restore/);
    expect(statSync(databasePath(gateway)).size).toBe(0);
    for (const suffix of ['', '-wal', '-shm']) rmSync(databasePath(gateway) + suffix, { force: true });
    await until('messages to be accepted', async () => (await accept(gateway)) === 200);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  });

  test('that is a directory is left alone: 503 with the reason, few log lines, and recovery alone', async () => {
    const gateway = await RealGateway.create();
    mkdirSync(databasePath(gateway), { recursive: true, mode: 0o700 });
    await gateway.run();
    const answer = await fetch(`${gateway.url}/api/sessions`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      error: { code: 'UNAVAILABLE', message: expect.stringContaining('it is a directory') as string },
    });
    expect(await warningCodes(gateway)).toContain('STORE_UNAVAILABLE');
    // Several rounds of everything that waits for the store.
    await until('some rounds', async () => (await gateway.status()).uptimeMs > 6_000);
    const said = gateway.log().filter(({ level, role }) => role === 'worker' && Number(level) >= 40);
    expect(said.length).toBeLessThan(12);
    rmSync(databasePath(gateway), { recursive: true });
    await until('messages to be accepted', async () => (await accept(gateway)) === 200);
    await until('the warning to go', async () => (await warningCodes(gateway)).length === 0);
  });
});
