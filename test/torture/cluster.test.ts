/** Two gateways on one PostgreSQL, with messages all the time and one fault after another. */
import { expect, test } from 'vitest';
import { pidsOf, signal, startCluster, timed } from '../helpers/cluster.js';
import { whyNoPostgres } from '../helpers/postgres.js';
import { type RealGateway, until } from '../helpers/real-gateway.js';

const reason = whyNoPostgres();
const PER_FAULT = 40;
const CHATS = 5;

test.skipIf(reason !== undefined)(
  'messages through two gateways outlive kills, suspensions, restarts and a restart of the database: none is lost, none is sent twice, each chat in order',
  { timeout: 300_000 },
  async () => {
    const cluster = await startCluster();
    const gateways = [await cluster.add(['telegram', 'webhook']), await cluster.add(['telegram', 'webhook'])] as const;
    const [one, two] = gateways;
    const { receiver, telegram } = cluster;
    let posted = 0;

    /** Through either; again with the same key until one has taken it. */
    async function post(number: number): Promise<void> {
      const body = JSON.stringify({ channel: 'webhook', chat_id: `chat${number % CHATS}`, content: String(number) });
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `message-${number}` };
      let tries = number;
      await until(
        'a gateway to take the message',
        async () => {
          const gateway = gateways[(tries += 1) % 2 === 0 ? 0 : 1];
          try {
            const signalled = AbortSignal.timeout(3_000);
            return (await fetch(`${gateway.url}/api/message`, { method: 'POST', headers, body, signal: signalled })).ok;
          } catch {
            return false;
          }
        },
        60_000,
      );
    }
    const postMany = async (): Promise<void> => {
      for (let count = 0; count < PER_FAULT; count += 1) {
        await post(posted);
        posted += 1;
      }
    };
    const suspend = async (gateway: RealGateway): Promise<void> => {
      const pids = pidsOf(gateway);
      signal(pids, 'SIGSTOP');
      await timed('the removal of the one that stands still', async () => (await two.status()).nodes?.length === 1);
      signal(pids, 'SIGCONT');
      await timed('another worker', () => ![undefined, pids[1]].includes(gateway.findWorkerPid()));
    };
    const faults: (() => Promise<unknown>)[] = [
      async () => signal([one.workerPid()], 'SIGKILL'),
      async () => void (await two.xopc('gateway', 'restart')),
      () => suspend(one),
      () => cluster.postgres.restart('immediate'),
      async () => {
        signal(pidsOf(two), 'SIGKILL');
        await two.run();
      },
      async () => {
        await one.xopc('gateway', 'stop');
        await one.run();
      },
    ];
    for (const fault of faults) {
      await Promise.all([postMany(), fault()]);
      await Promise.all(gateways.map((gateway) => gateway.untilHealthy()));
      telegram.say(`/status ${posted}`);
    }
    const unknown = async (): Promise<string[]> => {
      const answer = await fetch(`${one.url}/api/messages?status=unknown&limit=200`);
      return ((await answer.json()) as { messages: { content: string }[] }).messages.map(({ content }) => content);
    };
    const received = (): string[] => receiver.received.map(({ content }) => content);
    await timed('the rest', async () => new Set([...received(), ...(await unknown())]).size === posted, 60_000);
    expect(new Set(received()).size).toBe(received().length);
    for (let chat = 0; chat < CHATS; chat += 1) {
      const numbers = receiver.received.filter(({ chatId }) => chatId === `chat${chat}`).map(({ content }) => Number(content));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    // One that was being sent when a worker was killed may be unknown.
    await timed('the answers', () => telegram.bot.pendingUpdates === 0, 60_000);
    expect(telegram.bot.sent.length).toBeLessThanOrEqual(faults.length);
  },
);
