/** A database that cannot be used never takes the gateway down: it says so, keeps what was there, and goes on by itself. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import type { StatusDocument } from '../../shared/control/messages.js';
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
  // All of it in the one file: a log beside it would repair what is damaged here.
  new Database(databasePath(gateway)).pragma('wal_checkpoint(TRUNCATE)');
  for (const suffix of ['-wal', '-shm']) rmSync(databasePath(gateway) + suffix, { force: true });
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

test('a day’s check finds damage that nothing has read, beside the traffic', { timeout: 90_000 }, async () => {
  const gateway = await RealGateway.start();
  expect(await post(gateway, '/api/agent', { message: 'good day '.repeat(5_000) })).toBe(200);
  await stop(gateway);
  const content = readFileSync(databasePath(gateway));
  const file = openSync(databasePath(gateway), 'r+');
  // Pages that hold the rest of a long message, behind the number of the next such page.
  for (let at = 0; at < content.length; at += 4_096) {
    if (content.toString('latin1', at + 4, at + 400).includes('good day '.repeat(20))) writeSync(file, Buffer.alloc(4, 0x7f), 0, 4, at);
  }
  closeSync(file);
  await gateway.run();
  expect(await accept(gateway, 'other')).toBe(200);
  expect(copies(gateway)).toEqual([]);
  await until('the check', () => copies(gateway).length > 0, 60_000);
  await until('status to say so', async () => (await warningCodes(gateway)).includes('STORE_SET_ASIDE'));
  expect(await accept(gateway)).toBe(200);
});
