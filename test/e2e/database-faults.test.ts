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
import { RealGateway, until } from '../helpers/real-gateway.js';

const stateDir = (gateway: RealGateway): string => join(gateway.xopcHome, 'state');
const databasePath = (gateway: RealGateway): string => join(stateDir(gateway), 'gateway.db');

async function accept(gateway: RealGateway, chatId = 'a'): Promise<number> {
  const answer = await fetch(`${gateway.url}/api/message`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: 'webchat', chat_id: chatId, content: 'hello '.repeat(200) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

const warningCodes = async (gateway: RealGateway): Promise<string[]> => (await gateway.status()).warnings.map(({ code }) => code);

const copies = (gateway: RealGateway): string[] => readdirSync(stateDir(gateway)).filter((name) => /\.corrupt-\d{8}T\d{6}Z$/.test(name));

/** A home with a database in which something was said, and no gateway. */
async function stopped(): Promise<RealGateway> {
  const gateway = await RealGateway.start();
  for (let number = 0; number < 60; number += 1) expect(await accept(gateway)).toBe(200);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  for (const suffix of ['-wal', '-shm']) expect(() => statSync(databasePath(gateway) + suffix)).toThrow();
  return gateway;
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
    await until('some rounds', () => gateway.log().some(({ msg }) => String(msg).includes('upkeep')));
    await expect.poll(() => process.uptime(), { timeout: 20_000 }).toBeGreaterThan(process.uptime() + 5);
    const said = gateway.log().filter(({ level, role }) => role === 'worker' && Number(level) >= 40);
    expect(said.length).toBeLessThan(12);
    rmSync(databasePath(gateway), { recursive: true });
    await until('messages to be accepted', async () => (await accept(gateway)) === 200);
    await until('the warning to go', async () => (await warningCodes(gateway)).length === 0);
  });
});

test('a day’s check finds damage that nothing has read, beside the traffic', { timeout: 90_000 }, async () => {
  const gateway = await stopped();
  const { size } = statSync(databasePath(gateway));
  const file = openSync(databasePath(gateway), 'r+');
  // The pages behind the schema: messages and their index.
  for (let at = 30 * 4_096; at + 4_096 <= size; at += 4_096) writeSync(file, Buffer.alloc(32, 0x5a), 0, 32, at);
  closeSync(file);
  await gateway.run();
  await until('the check', () => copies(gateway).length > 0, 60_000);
  await until('status to say so', async () => (await warningCodes(gateway)).includes('STORE_SET_ASIDE'));
  expect(await accept(gateway)).toBe(200);
});
