import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../../../daemon/worker/store/engine.js';
import { notifications } from '../../../../../daemon/worker/store/postgres/members/listener.js';
import type { Membership } from '../../../../../daemon/worker/store/postgres/members/membership.js';
import { tellOthers, type Topic } from '../../../../../daemon/worker/store/transaction.js';
import { eventually } from '../../../../helpers/eventually.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

beforeEach(() => {
  // The time of the server is real; ours runs when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Worker {
  readonly database: OpenDatabase;
  readonly membership: Membership;
  /** What it was told, in order. */
  readonly told: string[];
}

async function join(url: string, instanceId: string): Promise<Worker> {
  const engine = postgresAt(url, { instanceId, lineage: { id: instanceId, name: instanceId } });
  const told: string[] = [];
  for (const topic of ['outbox', 'inbox', 'session:7'] as const) engine.membership.onChange(topic, () => told.push(topic));
  const database = await engine.open({ isAlone: true });
  onTestFinished(() => database.close());
  return { database, membership: engine.membership, told };
}

const LISTENING = `select pid from pg_stat_activity where datname = current_database() and query = 'listen xopc' and state = 'idle'`;
const untilListening = (url: string, count: number) => eventually(async () => expect(await query(url, LISTENING)).toHaveLength(count));
const tell =
  (...topics: Topic[]) =>
  async (tx: Parameters<typeof tellOthers>[0]): Promise<void> =>
    topics.forEach((topic) => tellOthers(tx, topic));

/** Renews its row, which is how it finds out whether it hears. */
async function untilHearing({ membership }: Worker, isHearing = true): Promise<void> {
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(() => expect(membership.lookAgainMs(500)).toBe(isHearing ? 2_000 : 500));
}

test('what a worker commits is told to the others at once, each change once; what is undone is not, and nobody is told of his own', async () => {
  const url = await createDatabase();
  const [one, two] = [await join(url, 'one'), await join(url, 'two')];
  await untilListening(url, 2);
  const undone = one.database.transaction(async (tx) => {
    await tell('inbox')(tx);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  await one.database.transaction(tell('outbox', 'session:7', "chat:it's", 'outbox'));
  await eventually(() => expect(two.told).toEqual(['outbox', 'session:7']));
  await two.database.transaction(tell('inbox'));
  await eventually(() => expect(one.told).toEqual(['inbox']));
  expect(two.told).toHaveLength(2);
});

test('what others send over the same channel does no harm', async () => {
  const url = await createDatabase();
  const [one, two] = [await join(url, 'one'), await join(url, 'two')];
  await untilListening(url, 2);
  for (const payload of ['', 'not JSON', 'null', '{}', '[]', '[null]', '[1, {}, [2]]'])
    await query(url, `select pg_notify('xopc', '${payload}')`);
  await one.database.transaction(tell('outbox'));
  await eventually(() => expect(two.told).toEqual(['outbox']));
});

test('while its own notifications arrive, a worker looks for changes every two seconds; without a connection every half, until it has a new one', async () => {
  const url = await createDatabase();
  const worker = await join(url, 'one');
  await untilListening(url, 1);
  expect(worker.membership.lookAgainMs(500)).toBe(500);
  await untilHearing(worker);
  await query(url, `select pg_terminate_backend(pid) from (${LISTENING}) as listening`);
  await eventually(() => expect([worker.membership.lookAgainMs(500), worker.told]).toEqual([500, ['outbox', 'inbox', 'session:7']]));
  await vi.advanceTimersByTimeAsync(500);
  await untilListening(url, 1);
  await untilHearing(worker);
});

test('a connection on which nothing arrives is replaced after two renewals', async () => {
  const url = await createDatabase();
  const worker = await join(url, 'one');
  await untilListening(url, 1);
  await untilHearing(worker);
  const [before] = await query(url, LISTENING);
  // As behind a pooler, or after a cut of the network that nobody has noticed.
  await query(url, `delete from instances`);
  vi.advanceTimersByTime(12_000);
  expect(worker.membership.lookAgainMs(500)).toBe(500);
  await vi.advanceTimersByTimeAsync(500);
  await eventually(async () => {
    const [after] = await query(url, LISTENING);
    expect([after?.['pid'] === undefined, after?.['pid'] === before?.['pid']]).toEqual([false, false]);
  });
});

test('many changes are told in several notifications, which the server would refuse as one', () => {
  const topics = Array.from({ length: 300 }, (_, index): Topic => `chat:${index}:${'é'.repeat(50)}`);
  const sent = notifications('wk_1', topics).split('select ').slice(1);
  expect(sent.length).toBeGreaterThan(1);
  for (const statement of sent) expect(Buffer.byteLength(statement)).toBeLessThan(8_000);
  expect(sent.join('').split('chat:')).toHaveLength(301);
  expect(notifications('wk_1', [])).toBe('');
});
