/** Messages for chats of Telegram through the real binary, while Telegram asks to wait, cuts connections, and the worker is killed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const CHATS = 10;
const EACH = 20;
const KILLS = 5;
const FLOODS = 40;
const DROPS = 10;

interface Shown {
  readonly status: string;
  readonly chat_id: string;
  readonly content: string;
}

async function readMessages(gateway: RealGateway): Promise<Shown[]> {
  const response = await fetch(`${gateway.url}/api/messages?limit=${CHATS * EACH}`);
  return response.ok ? ((await response.json()) as { messages: Shown[] }).messages : [];
}

test('200 messages to 10 chats through floods, cut connections and 5 kills: in order, none twice, none lost without a word', async () => {
  const fake = await startFakeTelegram();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const account = { botToken: TOKEN, apiRoot: fake.apiRoot, dmPolicy: 'open' };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ channels: { telegram: { accounts: { default: account } } } }));
  await gateway.run();
  for (let count = 0; count < FLOODS; count += 1)
    fake.fault('sendMessage', failure(429, 'Too Many Requests: retry after 1', { retry_after: 1 }));
  for (let count = 0; count < DROPS; count += 1) fake.fault('sendMessage', 'drop');
  for (let number = 0; number < EACH; number += 1) {
    for (let chat = 1; chat <= CHATS; chat += 1) {
      const body = JSON.stringify({ channel: 'telegram', chat_id: String(chat), content: `n${number}` });
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(`${gateway.url}/api/message`, { method: 'POST', headers, body });
      expect(response.status).toBe(200);
    }
  }
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await fake.until(() => fake.bot.sent.length >= kill * 20);
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
  }
  let shown: Shown[] = [];
  const isSettled = async (): Promise<boolean> => {
    shown = await readMessages(gateway);
    return shown.length === CHATS * EACH && shown.every(({ status }) => status === 'delivered' || status === 'unknown');
  };
  await until('every message to be delivered, or known not to be known', isSettled, 120_000);
  for (let chat = 1; chat <= CHATS; chat += 1) {
    const received = fake.bot.sent.filter(({ chatId }) => chatId === chat).map(({ text }) => Number(text.slice(1)));
    expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b));
    const known = shown.filter(({ chat_id: id, status }) => id === String(chat) && status === 'delivered');
    for (const { content } of known) expect(received).toContain(Number(content.slice(1)));
  }
  // Of each kill and each cut connection, at most what was being sent at that moment.
  expect(shown.filter(({ status }) => status === 'unknown').length).toBeLessThanOrEqual(DROPS + KILLS * CHATS);
});
