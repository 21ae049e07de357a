/** Updates of Telegram through the real binary, while it is restarted and its worker is killed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const UPDATES = 500;
const PEOPLE = 10;
const RESTARTS = 10;
const KILLS = 5;
const SHARE = Math.floor(UPDATES / (RESTARTS + KILLS));

interface InboxRow {
  readonly update_id: string;
  readonly content: string;
  readonly state: string;
}

/** What is on disk, read past the gateway. */
function readInbox(gateway: RealGateway): InboxRow[] {
  const database = new Database(join(gateway.xopcHome, 'state', 'gateway.db'), { readonly: true });
  try {
    return database.prepare('select update_id, content, state from inbox_messages order by seq').all() as InboxRow[];
  } finally {
    database.close();
  }
}

test('500 updates, 10 restarts and 5 kills: each is taken in once, none before it is on disk, and there is never a second poll', async () => {
  const fake = await startFakeTelegram();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const account = { botToken: TOKEN, apiRoot: fake.apiRoot, dmPolicy: 'open' };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ channels: { telegram: { accounts: { personal: account } } } }));
  await gateway.run();
  const ids: number[] = [];
  const lost: number[] = [];
  /** What Telegram has been told is read must be in the database by then. */
  const checkConfirmed = (): void => {
    const confirmed = ids.slice(0, ids.length - fake.bot.pendingUpdates);
    const stored = new Set(readInbox(gateway).map(({ update_id: id }) => id));
    lost.push(...confirmed.filter((id) => !stored.has(String(id))));
  };
  for (let number = 0; number < UPDATES; number += 1) {
    const id = (number % PEOPLE) + 1;
    ids.push(fake.say(`/status ${number}`, { from: { id, first_name: `P${id}` }, chat: { id, type: 'private' } }));
    const fault = (number - 16) / SHARE;
    if (!Number.isInteger(fault) || fault >= RESTARTS + KILLS) continue;
    // In the middle of the work: some are confirmed, some are not.
    await fake.until(() => fake.bot.pendingUpdates < SHARE);
    if (fault < RESTARTS) {
      expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    } else {
      const pid = gateway.workerPid();
      process.kill(pid, 'SIGKILL');
      checkConfirmed();
      await gateway.untilReplaced(pid);
    }
    checkConfirmed();
  }
  await until('every update to be confirmed', () => fake.bot.pendingUpdates === 0, 60_000);
  await until('every message to be handled', () => readInbox(gateway).every(({ state }) => state === 'done'), 60_000);
  expect(lost).toEqual([]);
  const rows = readInbox(gateway);
  expect(rows.map(({ update_id: id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(ids);
  expect(rows.map(({ content }) => content).toSorted()).toEqual(ids.map((_, number) => `/status ${number}`).toSorted());
  expect(fake.conflicts).toBe(0);
  // Nobody is told twice. What was being sent when a worker was killed is not repeated: whether it arrived is unknown.
  const { messages } = (await (await fetch(`${gateway.url}/api/messages?status=unknown&limit=200`)).json()) as { messages: unknown[] };
  await until('the answers', () => fake.bot.sent.length + messages.length >= UPDATES, 120_000);
  expect(fake.bot.sent.length).toBeLessThanOrEqual(UPDATES);
});
