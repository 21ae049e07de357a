/** What becomes of messages that cannot be delivered, through the real binary. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { sendAll } from '../helpers/persistent-sender.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

interface Shown {
  readonly status: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly nextAttemptAt: string | null;
}

async function setUp() {
  const receiver = await startWebhookReceiver();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const config = { channels: { webhook: { accounts: { default: { url: receiver.url } } } } };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify(config));
  await gateway.run();
  const send = async (...contents: string[]): Promise<string[]> =>
    (
      await sendAll(
        gateway.url,
        contents.map((content) => ({ channel: 'webhook', chatId: 'chat', content, key: content })),
      )
    ).ids;
  const show = async (id: string): Promise<Shown> => JSON.parse((await gateway.xopc('messages', 'show', id, '--json')).stdout) as Shown;
  const arrived = (): string[] => receiver.received.map(({ content }) => content);
  return { receiver, gateway, send, show, arrived };
}

test('a permanently refused message is dead at once, and the next message of that chat is sent', async () => {
  const { receiver, send, show, arrived } = await setUp();
  receiver.react = ({ content }) => (content === 'refused' ? { status: 422, body: 'not for me' } : { status: 204 });
  const [refused = '', next = ''] = await send('refused', 'next');
  await receiver.until((received) => received.length === 2);
  expect(arrived()).toEqual(['refused', 'next']);
  expect(await show(refused)).toMatchObject({ status: 'dead', attempts: 1, error: expect.stringContaining('not for me') });
  await until('the next to be settled', async () => (await show(next)).status === 'delivered');
});

test('a receiver that says when to come back is left alone until then, its chat waits, and the order is kept', async () => {
  const { receiver, send, show, arrived } = await setUp();
  const times: number[] = [];
  receiver.react = (_webhook, count) => {
    times.push(performance.now());
    return count === 0 ? { status: 429, headers: { 'Retry-After': '3' } } : { status: 204 };
  };
  const [first = ''] = await send('first', 'second');
  const { nextAttemptAt } = await until('the first to wait', async () => {
    const shown = await show(first);
    return shown.status === 'retry_wait' && shown;
  });
  expect(nextAttemptAt).not.toBeNull();
  await receiver.until((received) => received.length === 3);
  expect(arrived()).toEqual(['first', 'first', 'second']);
  expect(new Set(receiver.received.slice(0, 2).map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(2_990);
});

test('what could not be delivered in a day is dead, says so, and can be sent again', async () => {
  const { receiver, gateway, send, show, arrived } = await setUp();
  receiver.react = () => ({ status: 503, body: 'down for a day' });
  const [id = ''] = await send('late');
  await until('an attempt to fail', async () => (await show(id)).status === 'retry_wait');
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  // A day goes by.
  const database = new Database(join(gateway.xopcHome, 'state', 'gateway.db'));
  database.exec('update outbox_messages set created_at = created_at - 86400000, expires_at = expires_at - 86400000');
  database.close();
  receiver.react = () => ({ status: 204 });
  const before = arrived().length;
  await gateway.run();
  await until('it to expire', async () => (await show(id)).status === 'dead');
  expect(await show(id)).toMatchObject({ error: expect.stringMatching(/^expired; the last attempt: .*503/) });
  expect(arrived()).toHaveLength(before);
  expect((await gateway.xopc('messages', '--status', 'dead')).stdout).toContain(id);
  expect((await gateway.xopc('messages', 'retry', id)).stdout).toBe(`${id} queued\n`);
  await until('it to arrive', async () => (await show(id)).status === 'delivered');
});
