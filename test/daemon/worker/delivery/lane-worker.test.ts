import { onTestFinished, expect, test } from 'vitest';
import { type Attempt, type Claim, type LaneQueue, LaneWorker } from '../../../../daemon/worker/delivery/lane-worker.js';
import type { Lane } from '../../../../daemon/worker/store/delivery/outbox.js';
import type { Transaction } from '../../../../daemon/worker/store/transaction.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { createLiveness, type Liveness } from '../../../../daemon/worker/store/liveness.js';

const LANE: Lane = { channel: 'test', accountId: 'a', chatId: 'chat' };
const down = (): Error => new GatewayError('UNAVAILABLE', { message: 'the disk is full' });

interface Item extends Lane {
  readonly name: string;
}

/** A queue of one lane, in memory, that notes what is asked of it. */
class ScriptedQueue implements LaneQueue<Item> {
  readonly name = 'outbox';
  readonly calls: string[] = [];
  readonly claims: Claim<Item>[] = [];
  result: Attempt | (() => Promise<Attempt>) = {
    record: async () => void this.calls.push('record'),
    recorded: () => this.calls.push('recorded'),
  };
  lanes: Lane[] = [];

  listLanes = async (): Promise<Lane[]> => this.lanes;

  orphans = true;

  hasOrphans = async (): Promise<boolean> => this.orphans;

  async recover(tx: Transaction, liveness: Liveness): Promise<() => void> {
    const living = await liveness.living(tx);
    this.calls.push(`recover ${['wk_0', 'wk_1'].filter((id) => !living.has(id)).join()}`.trim());
    return () => this.calls.push('recovered');
  }

  async claim(): Promise<Claim<Item>> {
    const claim = this.claims.shift() ?? ({ type: 'empty' } as const);
    this.calls.push(`claim ${claim.type}`);
    return claim;
  }

  async attempt({ name }: Item): Promise<Attempt> {
    this.calls.push(`attempt ${name}`);
    return typeof this.result === 'function' ? this.result() : this.result;
  }
}

const item = (name: string): Claim<Item> => ({ type: 'item', item: { ...LANE, name } });

function makeWorker(live: string[] = ['wk_1']) {
  const clock = new FakeClock();
  const queue = new ScriptedQueue();
  /** How many of the next calls fail. */
  const faults = { write: 0, read: 0 };
  async function run<T>(kind: 'write' | 'read', work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (faults[kind] === 0) return work({} as Transaction);
    faults[kind] -= 1;
    queue.calls.push(`${kind} fails`);
    throw down();
  }
  const store = {
    write: (work: (tx: Transaction) => Promise<unknown>) => run('write', work),
    read: (work: (tx: Transaction) => Promise<unknown>) => run('read', work),
  };
  const worker = new LaneWorker(
    { store: store as never, clock, logger: logMemory(), instanceId: 'wk_1', liveness: createLiveness('wk_1', () => live) },
    queue,
  );
  onTestFinished(() => worker.stop());
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  };
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  /** What was asked of the queue since the last call. */
  const seen = (): string[] => queue.calls.splice(0);
  return { worker, queue, faults, live, settle, advance, seen };
}

/** The life of a lane: what its claims give, what is done then, and after how long it is claimed again. */
const CASES: { title: string; claims: Claim<Item>[]; calls: string[]; againMs?: number }[] = [
  { title: 'nothing is left', claims: [], calls: ['claim empty'] },
  { title: 'one item', claims: [item('1')], calls: ['claim item', 'attempt 1', 'record', 'claim empty', 'recorded'] },
  {
    title: 'two items: the second is claimed with the record of the first',
    claims: [item('1'), item('2')],
    calls: ['claim item', 'attempt 1', 'record', 'claim item', 'recorded', 'attempt 2', 'record', 'claim empty', 'recorded'],
  },
  {
    title: 'an item that is due later',
    claims: [{ type: 'wait', untilMs: new FakeClock().now() + 7_000 }],
    calls: ['claim wait'],
    againMs: 7_000,
  },
  { title: 'an item that another worker holds', claims: [{ type: 'held' }], calls: ['claim held'], againMs: 500 },
];

test.each(CASES)('a lane with $title', async ({ claims, calls, againMs }) => {
  const { worker, queue, settle, advance, seen } = makeWorker();
  await worker.start();
  expect(seen()).toEqual(['recover wk_0', 'recovered']);
  queue.claims.push(...claims);
  worker.wake(LANE);
  await settle();
  expect(seen()).toEqual(calls);
  await advance((againMs ?? 60_000) - 1);
  expect(seen()).toEqual([]);
  await advance(1);
  expect(seen()).toEqual(againMs === undefined ? [] : ['claim empty']);
});

test('an attempt that recorded its result itself, and asks for a pause', async () => {
  const { worker, queue, settle, advance, seen } = makeWorker();
  await worker.start();
  queue.result = { pauseMs: 3_000 };
  queue.claims.push(item('1'), item('1'));
  worker.wake(LANE);
  await settle();
  await advance(2_999);
  expect(seen().slice(2)).toEqual(['claim item', 'attempt 1']);
  await advance(1);
  expect(seen()).toEqual(['claim item', 'attempt 1']);
});

test('a store that fails before an attempt: the lane is claimed again later', async () => {
  const { worker, queue, faults, settle, advance, seen } = makeWorker();
  await worker.start();
  queue.claims.push(item('1'));
  faults.write = 1;
  worker.wake(LANE);
  await settle();
  expect(seen().slice(2)).toEqual(['write fails']);
  await advance(1_000);
  expect(seen()).toEqual(['claim item', 'attempt 1', 'record', 'claim empty', 'recorded']);
});

test('a store that fails after an attempt: the result is recorded again and again, and nothing is attempted twice', async () => {
  const { worker, queue, faults, settle, advance, seen } = makeWorker();
  await worker.start();
  queue.result = async () => {
    faults.write = 2;
    return { record: async () => void queue.calls.push('record') };
  };
  queue.claims.push(item('1'));
  worker.wake(LANE);
  await settle();
  await advance(1_000);
  expect(seen().slice(2)).toEqual(['claim item', 'attempt 1', 'write fails', 'write fails']);
  await advance(1_000);
  expect(seen()).toEqual(['record', 'claim empty']);
});

test('many lanes whose results cannot be recorded wait; Node would warn of more than ten listeners, which fails a test', async () => {
  const { worker, queue, faults, settle, advance, seen } = makeWorker();
  await worker.start();
  queue.result = async () => {
    faults.write = Infinity;
    return { record: async () => void queue.calls.push('record') };
  };
  const chats = Array.from({ length: 11 }, (_, index) => String(index));
  queue.claims.push(...chats.map(item));
  for (const chatId of chats) worker.wake({ ...LANE, accountId: chatId, chatId });
  await settle();
  await advance(1_000);
  faults.write = 0;
  seen();
  await advance(1_000);
  expect(seen().filter((call) => call === 'record')).toHaveLength(11);
});

test('an abort gives up on a result that cannot be recorded', async () => {
  const { worker, queue, faults, settle, seen } = makeWorker();
  await worker.start();
  queue.result = async () => {
    faults.write = Infinity;
    return {};
  };
  queue.claims.push(item('1'));
  worker.wake(LANE);
  await settle();
  worker.stop();
  worker.abort();
  await worker.idle();
  expect(seen().slice(2)).toEqual(['claim item', 'attempt 1', 'write fails', 'write fails']);
});

test('a store that fails at the start: it is looked at again', async () => {
  const { worker, queue, faults, advance, settle, seen } = makeWorker();
  queue.lanes = [LANE];
  faults.write = 1;
  await worker.start();
  faults.read = 1;
  await advance(1_000);
  queue.orphans = false;
  await advance(1_000);
  await settle();
  expect(seen()).toEqual(['write fails', 'read fails', 'claim empty']);
});

test('a lane that another living worker holds is left to it until a look finds it', async () => {
  const { worker, queue, settle, advance, seen } = makeWorker(['wk_0', 'wk_1']);
  queue.orphans = false;
  await worker.start();
  queue.claims.push({ type: 'held' });
  worker.wake(LANE);
  await settle();
  await advance(60_000);
  expect(seen()).toEqual(['claim held']);
  queue.lanes = [LANE];
  await advance(500);
  expect(seen()).toEqual(['claim empty']);
});

test('while another worker lives, dead items and new lanes are looked for; then no more', async () => {
  const { worker, queue, live, advance, seen } = makeWorker(['wk_0', 'wk_1']);
  await worker.start();
  queue.lanes = [LANE];
  await advance(500);
  expect(seen()).toEqual(['recover', 'recovered', 'recover', 'recovered', 'claim empty']);
  live.shift();
  await advance(500);
  expect(seen()).toEqual(['recover wk_0', 'recovered', 'claim empty']);
  await advance(60_000);
  expect(seen()).toEqual([]);
});

test('a worker that is not active, or stops, claims nothing', async () => {
  const { worker, queue, settle, seen } = makeWorker();
  worker.wake(LANE);
  await settle();
  await worker.start();
  queue.result = async () => {
    worker.stop();
    return { record: async () => void queue.calls.push('record') };
  };
  queue.claims.push(item('1'), item('2'));
  worker.wake(LANE);
  await worker.idle();
  expect(seen().slice(2)).toEqual(['claim item', 'attempt 1', 'record']);
});
