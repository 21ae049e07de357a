import { expect, test } from 'vitest';
import { DelayedWrite } from '../../../../daemon/worker/store/delayed-write.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';

interface Count {
  readonly name: string;
  readonly count: number;
}

/** Counts by name that are written after a second. `faults`: those of the next writes. */
function makeCounts({ isMerging = true, faults = [] }: { isMerging?: boolean; faults?: Error[] } = {}) {
  const [clock, logger] = [new FakeClock(), logMemory()];
  const written: (readonly Count[])[] = [];
  const store = {
    write: async (work: (tx: never) => Promise<unknown>) => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return work(undefined as never);
    },
  } as Pick<Store, 'write'>;
  const counts = new DelayedWrite<Count>({
    store,
    clock,
    logger,
    delayMs: 1_000,
    write: async (_tx, items) => written.push(items),
    problem: 'failed to store counts',
    ...(isMerging && { merging: { keyOf: ({ name }) => name, merge: (one, other) => ({ ...one, count: one.count + other.count }) } }),
  });
  const add = (name: string): void => counts.add({ name, count: 1 });
  return { counts, add, clock, logger, written };
}

const unavailable = () => new GatewayError('UNAVAILABLE', { message: 'locked' });

test('items are written together, a while after the first, and those with the same key are one', async () => {
  const { add, clock, written } = makeCounts();
  add('a');
  clock.advance(900);
  for (const name of ['b', 'a']) add(name);
  expect(written).toEqual([]);
  clock.advance(100);
  await expect
    .poll(() => written)
    .toEqual([
      [
        { name: 'a', count: 2 },
        { name: 'b', count: 1 },
      ],
    ]);
  add('c');
  clock.advance(1_000);
  await expect.poll(() => written[1]).toEqual([{ name: 'c', count: 1 }]);
});

test('items without a key are written one by one, and no more than 1000', async () => {
  const { counts, written } = makeCounts({ isMerging: false });
  for (let count = 0; count < 1_001; count += 1) counts.add({ name: 'a', count });
  await counts.flush();
  expect(written.map(({ length }) => length)).toEqual([1_000]);
});

test('while the store is unavailable, items are kept and written later, with those that came since', async () => {
  const { counts, add, clock, logger, written } = makeCounts({ faults: [unavailable()] });
  add('a');
  await counts.flush();
  add('a');
  expect(written).toEqual([]);
  clock.advance(1_000);
  await expect.poll(() => written).toEqual([[{ name: 'a', count: 2 }]]);
  expect(logger.entries).toEqual([]);
});

test('items are dropped, and the failure is logged, when a write fails for another reason', async () => {
  const { counts, add, logger, written } = makeCounts({ faults: [new Error('a bug')] });
  add('a');
  await counts.flush();
  await counts.flush();
  expect(written).toEqual([]);
  expect(logger.entries).toMatchObject([{ level: 'warn', message: 'failed to store counts' }]);
});

test('the end writes what is pending; nothing is taken after it, and nothing is put back', async () => {
  const { counts, add, clock, written } = makeCounts();
  add('a');
  await counts.close();
  add('b');
  const failing = makeCounts({ faults: [unavailable()] });
  failing.add('a');
  await failing.counts.close();
  for (const one of [clock, failing.clock]) one.advance(1_000);
  await Promise.all([counts.flush(), failing.counts.flush()]);
  expect([written, failing.written]).toEqual([[[{ name: 'a', count: 1 }]], []]);
});
