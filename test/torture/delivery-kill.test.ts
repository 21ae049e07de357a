import { join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import type { OutgoingDocument } from '../../shared/api/messages.js';
import { type ReceivedWebhook, startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { KilledWorker } from '../helpers/killed-worker.js';
import { makeConversation } from '../helpers/make-conversation.js';
import { until } from '../helpers/real-gateway.js';
import { seededRandom } from '../helpers/seeded-random.js';

const MESSAGES = 500;
const CHATS = 10;
const KILLS = 12;

function content(number: number): string {
  return `message ${number} ${'ü\u{1F600}"\\'.repeat(number % 50)}`;
}

function chatOf(number: number): string {
  return `chat-${number % CHATS}`;
}

/** Hands everything in, and kills the worker at points that the receiver's progress decides. */
async function run(worker: KilledWorker, arrived: (count: number) => Promise<void>): Promise<string[]> {
  await worker.start();
  const accepted = Promise.all(
    Array.from({ length: MESSAGES }, (_, number) =>
      worker.accept(`key-${number}`, { channel: 'webhook', chat_id: chatOf(number), content: content(number) }),
    ),
  );
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await arrived(Math.floor((kill * MESSAGES) / (KILLS + 2)));
    await worker.kill();
    await worker.start();
  }
  return accepted;
}

async function readOutbox(home: string, account: Record<string, unknown>): Promise<OutgoingDocument[]> {
  const config = { channels: { webhook: { accounts: { default: account } } } };
  const { outgoing } = await makeConversation({ home, config, isActive: false });
  const all: OutgoingDocument[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await outgoing.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page.messages);
    cursor = page.nextCursor;
  }
  return all;
}

/** How many messages are still to be sent, read past the worker. */
function countOpen(home: string): number {
  const database = new Database(join(home, 'state', 'gateway.db'), { readonly: true });
  try {
    const row = database.prepare('select count(*) as count from outbox_messages where finished_at is null').get() as { count: number };
    return row.count;
  } finally {
    database.close();
  }
}

function byId(received: readonly ReceivedWebhook[]): Map<string, ReceivedWebhook[]> {
  const all = new Map<string, ReceivedWebhook[]>();
  for (const webhook of received) all.set(webhook.id, [...(all.get(webhook.id) ?? []), webhook]);
  return all;
}

/** What each chat was told, by the first arrival of each message. */
function firstArrivals(received: readonly ReceivedWebhook[]): Map<string, string[]> {
  const chats = new Map<string, string[]>();
  for (const [, [first]] of byId(received))
    if (first !== undefined) chats.set(first.chatId, [...(chats.get(first.chatId) ?? []), first.content]);
  return chats;
}

const expectedChats = new Map(
  Array.from({ length: CHATS }, (_, chat) => [
    `chat-${chat}`,
    Array.from({ length: MESSAGES / CHATS }, (_unused, index) => content(index * CHATS + chat)),
  ]),
);

test('500 messages through a slow, failing receiver and 12 kills: all arrive, in order, repetitions are the same', async () => {
  const random = seededRandom(1);
  const receiver = await startWebhookReceiver();
  receiver.react = () => {
    const chance = random();
    if (chance < 0.02) return { status: 503 };
    if (chance < 0.03) return 'drop';
    return { status: 204, delayMs: Math.floor(random() * 20) };
  };
  const account = { url: receiver.url };
  const worker = new KilledWorker({ channels: { webhook: { accounts: { default: account } } } });
  const ids = await run(worker, (count) => receiver.until((received) => byId(received).size >= count));
  await receiver.until((received) => byId(received).size === MESSAGES);
  await worker.stop();
  expect(new Set(ids)).toEqual(new Set(byId(receiver.received).keys()));
  expect(firstArrivals(receiver.received)).toEqual(expectedChats);
  for (const [, copies] of byId(receiver.received)) expect(new Set(copies.map(({ body }) => body)).size).toBe(1);
  expect(receiver.received.length).toBeGreaterThan(MESSAGES);
  const outbox = await readOutbox(worker.home, account);
  expect(outbox.filter(({ status }) => !['delivered', 'queued', 'retry_wait'].includes(status))).toEqual([]);
  expect(outbox).toHaveLength(MESSAGES);
});

test('a receiver that repeats what it is sent twice gets nothing twice; what was cut is unknown', async () => {
  const receiver = await startWebhookReceiver();
  receiver.react = () => ({ status: 204, delayMs: 15 });
  const account = { url: receiver.url, idempotent: false };
  const worker = new KilledWorker({ channels: { webhook: { accounts: { default: account } } } });
  await run(worker, (count) => receiver.until((received) => received.length >= count));
  // A chat may be ahead of the others: a kill can cut its last message too, which then never arrives.
  await until('every message to be sent or cut', () => countOpen(worker.home) === 0, 120_000);
  await worker.stop();
  for (const [, copies] of byId(receiver.received)) expect(copies).toHaveLength(1);
  const outbox = await readOutbox(worker.home, account);
  expect(outbox.filter(({ status }) => status !== 'delivered' && status !== 'unknown')).toEqual([]);
  expect(outbox.filter(({ status }) => status === 'unknown').length).toBeGreaterThan(0);
  const arrived = byId(receiver.received);
  expect(outbox.filter(({ id, status }) => status === 'delivered' && !arrived.has(id))).toEqual([]);
  expect(outbox).toHaveLength(MESSAGES);
});
