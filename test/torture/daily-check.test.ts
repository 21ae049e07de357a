/** The check of the whole database, a minute after a start, through the real binary. */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { RealGateway, until } from '../helpers/real-gateway.js';

const message = { channel: 'webchat', chat_id: 'other', content: 'hello' };

async function post(gateway: RealGateway, path: string, body: object): Promise<number> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  await answer.arrayBuffer();
  return answer.status;
}

test('a day’s check finds damage that nothing has read, beside the traffic', { timeout: 120_000 }, async () => {
  const gateway = await RealGateway.start();
  const path = join(gateway.xopcHome, 'state', 'gateway.db');
  const copies = (): string[] => readdirSync(dirname(path)).filter((name) => name.startsWith('gateway.db.corrupt-'));
  expect(await post(gateway, '/api/agent', { message: 'good day '.repeat(5_000) })).toBe(200);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  const content = readFileSync(path);
  const file = openSync(path, 'r+');
  // Pages that hold the rest of a long message, behind the number of the next such page.
  for (let at = 0; at < content.length; at += 4_096) {
    if (content.toString('latin1', at + 4, at + 400).includes('good day '.repeat(20))) writeSync(file, Buffer.alloc(4, 0x7f), 0, 4, at);
  }
  closeSync(file);
  await gateway.run();
  expect(await post(gateway, '/api/message', message)).toBe(200);
  expect(copies()).toEqual([]);
  await until('the check', () => copies().length > 0, 90_000);
  await until('status to say so', async () => (await gateway.status()).warnings.some(({ code }) => code === 'STORE_SET_ASIDE'));
  expect(await post(gateway, '/api/message', message)).toBe(200);
});
