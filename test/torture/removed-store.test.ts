/** Files of the open database are removed, and the gateway ends or restarts before anything is written. */
import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { RealGateway, until } from '../helpers/real-gateway.js';

const MESSAGES = 20;
const KEY = encodeURIComponent('main:webchat:default:direct:a');

async function accept(gateway: RealGateway): Promise<number> {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ channel: 'webchat', chat_id: 'a', content: 'hello' });
  const answer = await fetch(`${gateway.url}/api/message`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  return answer.status;
}

/** @returns undefined while it cannot be read */
async function countSaid(gateway: RealGateway): Promise<number | undefined> {
  const answer = await fetch(`${gateway.url}/api/sessions/${KEY}`);
  return ((await answer.json()) as { messages?: unknown[] }).messages?.length;
}

const LOSSES: Record<string, (path: string) => void> = {
  'log removed': (path) => rmSync(`${path}-wal`),
  'shared memory removed': (path) => rmSync(`${path}-shm`),
  'database removed': (path) => rmSync(path),
  'database renamed': (path) => renameSync(path, `${path}.bak`),
  'directory removed': (path) => rmSync(dirname(path), { recursive: true }),
};

const ENDS: Record<string, (gateway: RealGateway) => Promise<void>> = {
  restart: async (gateway) => expect((await gateway.xopc('gateway', 'restart')).code).toBe(0),
  'forced restart': async (gateway) => expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0),
  async 'stop and start'(gateway) {
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    await gateway.run();
  },
};

const CASES = Object.keys(LOSSES).flatMap((loss) => Object.keys(ENDS).map((end) => ({ loss, end })));

test.each(CASES)('$loss, then $end: everything is there', async ({ loss, end }) => {
  const gateway = await RealGateway.start();
  for (let number = 0; number < MESSAGES; number += 1) expect(await accept(gateway)).toBe(200);
  LOSSES[loss]?.(gateway.paths.databasePath);
  await ENDS[end]?.(gateway);
  expect(await until('the messages', () => countSaid(gateway))).toBe(MESSAGES);
  await until('messages to be accepted', async () => (await accept(gateway)) === 200);
  await until('no warning', async () => (await gateway.status()).warnings.length === 0);
});
