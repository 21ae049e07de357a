/** Messages for chats through the real binary, over a slow and failing receiver, while its worker is killed and restarted. */
import { expect, test } from 'vitest';
import { type ReceivedWebhook, startWebhookReceiver, type WebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { sendAll, type SentText } from '../helpers/persistent-sender.js';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { seededRandom } from '../helpers/seeded-random.js';

const CHATS = 20;

function textsFor(count: number): SentText[] {
  return Array.from({ length: count }, (_, number) => ({
    channel: 'webhook',
    chatId: `chat-${number % CHATS}`,
    content: `message ${number} ${'ü\u{1F600}"\\\n'.repeat(number % 40)}`,
    key: `key-${number}`,
  }));
}

async function startGateway(account: object): Promise<RealGateway> {
  const gateway = await RealGateway.create();
  gateway.put('config.json', { channels: { webhook: { accounts: { default: account } } } });
  await gateway.run();
  return gateway;
}

async function killWorker(gateway: RealGateway): Promise<void> {
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGKILL');
  await gateway.untilReplaced(pid);
}

async function restart(gateway: RealGateway): Promise<void> {
  expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
}

/** Inflicts each fault at a random moment of its own share of the work, which the receiver's count tells. */
async function inflict(faults: readonly (() => Promise<void>)[], receiver: WebhookReceiver, work: { total: number; random(): number }) {
  const share = work.total / (faults.length + 1);
  for (const [index, fault] of faults.entries()) {
    const target = Math.floor(share * (index + work.random()));
    await receiver.until((received) => received.length >= target);
    await fault();
  }
}

function byId(received: readonly ReceivedWebhook[]): Map<string, ReceivedWebhook[]> {
  const all = new Map<string, ReceivedWebhook[]>();
  for (const webhook of received) all.set(webhook.id, [...(all.get(webhook.id) ?? []), webhook]);
  return all;
}

interface ListedMessage {
  readonly id: string;
  readonly status: string;
}

async function list(gateway: RealGateway, status: string): Promise<ListedMessage[]> {
  const all: ListedMessage[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await fetch(`${gateway.url}/api/messages?status=${status}&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const page = (await answer.json()) as { messages: ListedMessage[]; nextCursor: string | null };
    all.push(...page.messages);
    cursor = page.nextCursor;
  }
  return all;
}

const untilSettled = (gateway: RealGateway) =>
  until(
    'nothing to be on its way',
    async () => {
      const open = await Promise.all(['queued', 'sending', 'retry_wait'].map((status) => list(gateway, status)));
      return open.flat().length === 0;
    },
    120_000,
  );

test('2,000 messages, 30 kills and 10 restarts: each arrives, in its chat’s order, and repetitions are the same', async () => {
  const random = seededRandom(7);
  const receiver = await startWebhookReceiver();
  receiver.react = () => {
    const chance = random();
    if (chance < 0.01) return { status: 503 };
    if (chance < 0.02) return 'drop';
    return { status: 204, delayMs: Math.floor(random() * 40) };
  };
  const gateway = await startGateway({ url: receiver.url });
  const supervisor = gateway.lock().pid;
  const texts = textsFor(2_000);
  const kinds = [...Array.from({ length: 30 }, () => killWorker), ...Array.from({ length: 10 }, () => restart)];
  const faults = kinds
    .map((fault) => ({ fault, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(
      ({ fault }) =>
        () =>
          fault(gateway),
    );
  const [{ ids }] = await Promise.all([sendAll(gateway.url, texts), inflict(faults, receiver, { total: texts.length, random })]);
  await receiver.until((received) => new Set(received.map(({ id }) => id)).size === texts.length);
  await untilSettled(gateway);

  const arrived = byId(receiver.received);
  expect(new Set(ids)).toEqual(new Set(arrived.keys()));
  for (const [, copies] of arrived) expect(new Set(copies.map(({ body }) => body)).size).toBe(1);
  for (let chat = 0; chat < CHATS; chat += 1) {
    const told = [...arrived.values()].map(([first]) => first!).filter(({ chatId }) => chatId === `chat-${chat}`);
    expect(told.map(({ content }) => content)).toEqual(
      texts.filter(({ chatId }) => chatId === `chat-${chat}`).map(({ content }) => content),
    );
  }
  const delivered = await list(gateway, 'delivered');
  expect(delivered.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(gateway.lock().pid).toBe(supervisor);
  expect((await gateway.status()).restarts).toMatchObject({ planned: 10 });
});

test('an account that does not know repetitions gets nothing twice; what was cut is shown as unknown', async () => {
  const receiver = await startWebhookReceiver();
  receiver.react = () => ({ status: 204, delayMs: 20 });
  const gateway = await startGateway({ url: receiver.url, idempotent: false });
  const texts = textsFor(600);
  const faults = Array.from({ length: 10 }, () => () => killWorker(gateway));
  const random = seededRandom(3);
  const [{ ids }] = await Promise.all([sendAll(gateway.url, texts), inflict(faults, receiver, { total: texts.length, random })]);
  await untilSettled(gateway);

  const arrived = byId(receiver.received);
  for (const [, copies] of arrived) expect(copies).toHaveLength(1);
  const [delivered, unknown] = [await list(gateway, 'delivered'), await list(gateway, 'unknown')];
  expect(unknown.length).toBeGreaterThan(0);
  expect([...delivered, ...unknown].map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  for (const { id } of delivered) expect(arrived.has(id)).toBe(true);
  const shown = await gateway.xopc('messages', 'show', unknown[0]!.id, '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ status: 'unknown', error: expect.stringContaining('may have arrived') });
});
