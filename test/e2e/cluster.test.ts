/** Several gateways on one PostgreSQL, through the real binary. */
import { expect, test } from 'vitest';
import { pidsOf, post, signal, startCluster, timed } from '../helpers/cluster.js';
import { whyNoPostgres } from '../helpers/postgres.js';
import { machineSlackMs } from '../helpers/machine-slack.js';
import { query } from '../helpers/store-engine.js';

const reason = whyNoPostgres();
const TAKEOVER_MS = 20_000;
const HAND_OVER_MS = 1_000;

test.skipIf(reason !== undefined)(
  'of three gateways one is killed and one stands still: the third takes over, nothing is sent twice, and a stop hands over at once',
  { tags: ['long'], timeout: 90_000 },
  async () => {
    const cluster = await startCluster();
    const { telegram, receiver } = cluster;
    const ask = (number: number): number =>
      telegram.say(`/status ${number}`, {
        from: { id: 1 + (number % 3), first_name: 'P' },
        chat: { id: 1 + (number % 3), type: 'private' },
      });
    const told = (): string[] => receiver.received.map(({ content }) => content);

    const paused = await cluster.add(['telegram']);
    const killed = await cluster.add(['webhook']);
    await post(killed, 'first', 'w0');
    await receiver.until((received) => received.length === 1);
    await timed('the poll', () => telegram.openPolls === 1);
    const third = await cluster.add(['telegram', 'webhook']);
    const before = { telegram: await cluster.holder('telegram/default'), webhook: await cluster.holder('webhook/default') };

    await timed('the addresses', async () => (await third.status()).nodes?.every(({ address }) => address !== null) === true);
    const { nodes, warnings } = await third.status();
    expect(nodes?.map(({ address, isSelf }) => ({ address, isSelf }))).toEqual(
      [paused, killed, third].map(({ port }) => ({ address: expect.stringMatching(`:${port}$`) as string, isSelf: port === third.port })),
    );
    expect(warnings.filter(({ code }) => code === 'NODES_DIFFER')).toHaveLength(2);
    expect((await third.xopc('gateway', 'nodes')).stdout).toContain(`${third.home}/.xopc on `);

    // Through either, in the order of each chat.
    for (let number = 1; number <= 9; number += 1) await post(number % 2 === 0 ? killed : third, 'chat', `w${number}`);
    for (let number = 0; number < 6; number += 1) ask(number);
    await receiver.until((received) => received.length === 10);
    await telegram.until(() => telegram.bot.sent.length === 6);
    expect(told()).toEqual(['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9']);
    expect({ telegram: await cluster.holder('telegram/default'), webhook: await cluster.holder('webhook/default') }).toEqual(before);

    // One that stands still in a transaction keeps the others from writing for 3 s.
    await timed(
      'the results',
      async () => (await query(cluster.url, 'select from outbox_messages where finished_at is null')).length === 0,
    );
    const pausedPids = pidsOf(paused);
    const [, pausedWorker = 0] = pausedPids;
    signal(pausedPids, 'SIGSTOP');
    signal(pidsOf(killed), 'SIGKILL');
    for (let number = 6; number < 9; number += 1) ask(number);
    for (let number = 10; number < 15; number += 1) await post(third, 'chat', `w${number}`);
    const tookMs = await timed('the takeover', () => telegram.bot.sent.length === 9 && receiver.received.length === 15);
    expect(tookMs).toBeLessThan(TAKEOVER_MS);

    signal(pausedPids, 'SIGCONT');
    await timed('another worker of the one that stood still', () => ![undefined, pausedWorker].includes(paused.findWorkerPid()));
    await paused.untilHealthy();
    expect(told().slice(10)).toEqual(['w10', 'w11', 'w12', 'w13', 'w14']);

    // The third has two accounts, and gives this one back within seconds.
    const owner = await cluster.holder('telegram/default');
    const having = (await third.status()).worker?.instanceId === owner ? third : paused;
    expect((await having.xopc('gateway', 'stop')).code).toBe(0);
    const handOverMs = await timed('the hand-over', async () => ![undefined, owner].includes(await cluster.holder('telegram/default')));
    expect(handOverMs).toBeLessThan(HAND_OVER_MS + machineSlackMs());
    for (let number = 9; number < 12; number += 1) ask(number);
    await telegram.until(() => telegram.bot.sent.length >= 12);
    expect([telegram.bot.sent.length, told().length, telegram.conflicts]).toEqual([12, 15, 0]);
  },
);
