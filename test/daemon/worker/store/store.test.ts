import { describe, expect, test } from 'vitest';
import type { OpenDatabase, StoreEngine } from '../../../../daemon/worker/store/engine.js';
import { Store } from '../../../../daemon/worker/store/store.js';
import { transactionOf } from '../../../../daemon/worker/store/transaction.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';

const tx = transactionOf({} as Parameters<typeof transactionOf>[0]);
const work = () => Promise.resolve('done');

/** An engine without a database; errors say in their message what they are. */
function fakeEngine() {
  const counts = { opened: 0, closed: 0, setAside: 0, rescued: 0, checkpoints: 0 };
  const state = {
    isInPlace: true,
    failure: undefined as Error | undefined,
    rescueFailure: undefined as Error | undefined,
    damage: 'page 7' as string | null,
  };
  const open = async (): Promise<OpenDatabase> => {
    counts.opened += 1;
    state.isInPlace = true;
    return {
      reader: tx,
      transaction: async (run) => {
        if (state.failure !== undefined) throw state.failure;
        return run(tx);
      },
      isInPlace: () => state.isInPlace,
      rescue: async () => {
        if (state.rescueFailure !== undefined) throw state.rescueFailure;
        counts.rescued += 1;
      },
      checkpoint: async () => void (counts.checkpoints += 1),
      contract: async () => undefined,
      close: async () => void (counts.closed += 1),
    };
  };
  const engine: StoreEngine = {
    place: 'the-place',
    open,
    classify: (error) => {
      const { message } = error as Error;
      return message === 'corrupt' || message === 'unavailable' || message === 'busy' ? message : 'other';
    },
    describe: (error) => `it is ${(error as Error).message}`,
    findDamage: async () => state.damage,
    setAside: async () => {
      counts.setAside += 1;
      return { path: 'the-copy', message: 'it was kept as the-copy', hint: 'look into it', exists: () => true };
    },
    findSetAside: () => undefined,
    identity: () => 'id',
    readSize: async () => 7,
  };
  return { engine, counts, state };
}

async function openStore(options: { isSoleWorker?: boolean } = {}) {
  const fake = fakeEngine();
  const clock = new FakeClock();
  const log = logMemory();
  const store = new Store({ engine: fake.engine, clock, logger: log, isSoleWorker: () => options.isSoleWorker ?? true });
  await store.open();
  return { ...fake, store, clock, log };
}

test('an error of the work itself is passed on; one of the database becomes UNAVAILABLE with its reason', async () => {
  const { store } = await openStore();
  await expect(store.read(() => Promise.reject(new TypeError('mine')))).rejects.toThrow(TypeError);
  await expect(store.read(() => Promise.reject(new Error('busy')))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the-place cannot be used: it is busy',
  });
  expect(store.warnings()).toMatchObject([{ code: 'STORE_UNAVAILABLE' }]);
});

test('a fault is logged once while it lasts, and its end, too', async () => {
  const { store, state, log } = await openStore();
  state.failure = new Error('unavailable');
  for (let time = 0; time < 3; time += 1) await expect(store.write(work)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  state.failure = undefined;
  expect(await store.write(work)).toBe('done');
  expect(log.entries.map(({ message }) => message)).toEqual([
    'the-place cannot be used: it is unavailable',
    'the database is available again',
  ]);
  expect(store.warnings()).toEqual([]);
});

test('a damaged database is set aside once, however many notice it, and a new one is used', async () => {
  const { store, counts } = await openStore();
  let fail: (error: Error) => void = () => undefined;
  const late = store.read(() => new Promise<never>((_, reject) => (fail = reject)));
  const failing = [1, 2].map(() => store.read(() => Promise.reject(new Error('corrupt'))));
  await Promise.all(failing.map((each) => expect(each).rejects.toMatchObject({ code: 'UNAVAILABLE' })));
  // A read of the old database fails when the new one is in use already.
  fail(new Error('corrupt'));
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(counts).toMatchObject({ opened: 2, closed: 1, setAside: 1 });
  expect(await store.write(work)).toBe('done');
  expect(store.warnings()).toMatchObject([{ code: 'STORE_SET_ASIDE', message: expect.stringContaining('the-copy') as string }]);
});

test('a read that fails once, and looks like damage, sets nothing aside', async () => {
  const { store, counts, state, log } = await openStore();
  state.damage = null;
  await expect(store.read(() => Promise.reject(new Error('corrupt')))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await store.write(work)).toBe('done');
  expect(counts).toMatchObject({ opened: 2, closed: 1, setAside: 0 });
  expect(log.entries).toContainEqual(
    expect.objectContaining({ level: 'warn', message: expect.stringContaining('opened again') as string }),
  );
  expect(store.warnings()).toEqual([]);
});

test('a damaged database that another worker uses is not set aside', async () => {
  const { store, counts } = await openStore({ isSoleWorker: false });
  await store.setAsideDamaged('page 7 is bad');
  expect(counts.setAside).toBe(0);
  await expect(store.write(work)).rejects.toMatchObject({ message: expect.stringContaining('another worker still uses it') as string });
});

describe('a database that is no longer in its place', () => {
  test('gets its content back before anything is written, and is opened anew', async () => {
    const { store, counts, state, log } = await openStore();
    state.isInPlace = false;
    expect(await store.write(work)).toBe('done');
    expect(counts).toMatchObject({ opened: 2, closed: 1, rescued: 1 });
    expect(log.entries).toMatchObject([{ level: 'error', message: expect.stringContaining('its content was put back') as string }]);
  });

  test('gets it back before a write is confirmed whose commit it may have missed', async () => {
    const { store, counts, state } = await openStore();
    const write = store.write(async () => {
      state.isInPlace = false;
      return 'stored';
    });
    expect(await write).toBe('stored');
    expect(counts).toMatchObject({ opened: 2, rescued: 1 });
  });

  test('takes no write while the content cannot be put back, says why, and recovers by itself', async () => {
    const { store, counts, state, clock } = await openStore();
    Object.assign(state, { isInPlace: false, rescueFailure: new Error('unavailable') });
    let runs = 0;
    const write = async (): Promise<void> => void (runs += 1);
    await expect(store.write(write)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'the-place cannot be used: it is unavailable' });
    expect({ runs, isAvailable: store.isAvailable }).toEqual({ runs: 0, isAvailable: false });
    expect(store.warnings()).toMatchObject([{ code: 'STORE_UNAVAILABLE' }]);
    expect(counts).toMatchObject({ opened: 1, closed: 0 });
    state.rescueFailure = undefined;
    clock.advance(250);
    await eventually(() => expect(counts).toMatchObject({ opened: 2, rescued: 1 }));
  });

  test('is left alone while another worker has it open', async () => {
    const { store, counts, state } = await openStore({ isSoleWorker: false });
    state.isInPlace = false;
    await expect(store.write(work)).rejects.toMatchObject({ message: expect.stringContaining('another worker still uses it') as string });
    expect(counts).toMatchObject({ opened: 1, rescued: 0 });
  });

  test('is noticed between writes, and at the end', async () => {
    const { store, counts, state } = await openStore();
    state.isInPlace = false;
    await store.watch();
    expect(counts).toMatchObject({ opened: 2, rescued: 1 });
    state.isInPlace = false;
    await store.close();
    expect(counts).toMatchObject({ opened: 2, closed: 2, rescued: 2, checkpoints: 0 });
  });
});

test('the last worker leaves no log behind', async () => {
  const alone = await openStore();
  await alone.store.close();
  expect(alone.counts).toMatchObject({ closed: 1, checkpoints: 1 });
  const beside = await openStore({ isSoleWorker: false });
  await beside.store.close();
  expect(beside.counts).toMatchObject({ closed: 1, checkpoints: 0 });
});
