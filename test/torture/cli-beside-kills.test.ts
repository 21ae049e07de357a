/** Commands beside a busy gateway that is killed again and again: none of them harms the database, or keeps it locked. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { RealGateway } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const ROUNDS = 50;
const STATUS_CALLS = 20;
const CHATS = 8;
/** Accepted before a round's kill. */
const MESSAGES = 200;

/** Sends until the gateway is gone. Adds the ids of what was accepted. */
async function sendUntilGone(gateway: RealGateway, accepted: string[], chat: number): Promise<void> {
  for (;;) {
    try {
      const answer = await fetch(`${gateway.url}/api/message`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ channel: 'webchat', chat_id: `chat-${chat}`, content: 'x'.repeat(2_000) }),
      });
      const { message_id: id } = (await answer.json()) as { message_id?: string };
      if (answer.status === 200 && id !== undefined) accepted.push(id);
    } catch {
      return;
    }
  }
}

/** What a start would find: a copy, because a look at the database itself would write its log back. */
function inspect(gateway: RealGateway): { check: unknown; ids: Set<string> } {
  const copy = join(tempDir(), 'gateway.db');
  for (const suffix of ['', '-wal']) {
    const path = gateway.paths.databasePath + suffix;
    if (existsSync(path)) copyFileSync(path, copy + suffix);
  }
  const database = new Database(copy);
  const check = database.pragma('integrity_check');
  const ids = new Set((database.prepare('select id from messages').all() as { id: string }[]).map(({ id }) => id));
  database.close();
  return { check, ids };
}

async function untilAccepted(accepted: readonly string[], count: number): Promise<void> {
  await expect.poll(() => accepted.length, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(count);
}

test('fifty kills beside doctor, backup and status leave a sound database with all that was accepted', { timeout: 1_800_000 }, async () => {
  const gateway = await RealGateway.create();
  const backups = join(gateway.home, 'backups');
  mkdirSync(backups);
  const accepted: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = await gateway.run();
    const senders = Array.from({ length: CHATS }, (_, chat) => sendUntilGone(gateway, accepted, chat));
    const commands = [
      gateway.xopc('doctor'),
      gateway.xopc('backup', join(backups, `${round}.tar.gz`)),
      ...Array.from({ length: STATUS_CALLS }, () => gateway.xopc('gateway', 'status', '--json')),
    ];
    await untilAccepted(accepted, accepted.length + MESSAGES);
    for (const pid of [running.pid, ...gateway.lock().children.map((child) => child.pid)]) process.kill(pid, 'SIGKILL');
    await Promise.all([running.done, ...senders, ...commands]);
    const { check, ids } = inspect(gateway);
    expect({ round, check }).toEqual({ round, check: [{ integrity_check: 'ok' }] });
    expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
  }
  await gateway.run();
  expect((await gateway.status()).warnings).toEqual([]);
  expect(gateway.log().filter(({ msg, code }) => /locked|database/.test(`${String(msg)} ${String(code)}`))).toEqual([]);
});
