/** What a store does on every engine: each engine's test calls {@link describeStore} with its own. */
import { expect, onTestFinished, test } from 'vitest';
import type { OpenDatabase, StoreEngine } from '../../../../../daemon/worker/store/engine.js';
import { acquireLease, readLeaseOwner } from '../../../../../daemon/worker/store/leases.js';
import { Store } from '../../../../../daemon/worker/store/store.js';
import { publishCommitted, type Transaction } from '../../../../../daemon/worker/store/transaction.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { eventually } from '../../../../helpers/eventually.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { claimLease } from '../../../../helpers/claim-lease.js';

export interface EngineUnderTest {
  /** Returns an engine for a new, empty database. */
  create(): StoreEngine;
  /** An error that {@link StoreEngine.classify} calls `unavailable`. */
  readonly diskFull: () => Error;
}

/** Fails at the next commit, or at the next opening, with the error that a test puts here. */
interface Faults {
  commit?: Error | undefined;
  open?: Error | undefined;
}

function faulty(engine: StoreEngine, faults: Faults): StoreEngine {
  const wrap = (database: OpenDatabase): OpenDatabase => ({
    ...database,
    transaction: (run) =>
      database.transaction(async (tx) => {
        const result = await run(tx);
        if (faults.commit !== undefined) throw faults.commit;
        return result;
      }),
  });
  return {
    ...engine,
    async open(options) {
      if (faults.open !== undefined) throw faults.open;
      return wrap(await engine.open(options));
    },
  };
}

export function describeStore(name: string, { create, diskFull }: EngineUnderTest): void {
  async function setUp(faults: Faults = {}, engine = create()) {
    const clock = new FakeClock();
    const store = new Store({ engine: faulty(engine, faults), clock, logger: logMemory(), isSoleWorker: () => true });
    onTestFinished(() => store.close());
    await store.open();
    const owner = (key: string) => store.read((tx) => readLeaseOwner(tx, key));
    const codes = () => store.warnings().map(({ code }) => code);
    const published: string[] = [];
    store.publishTo((event) => void published.push(event.type === 'token' ? event.id : ''));
    /** Claims a lease, and publishes that. */
    const claim = (key: string) => async (tx: Transaction) => {
      publishCommitted(tx, { type: 'token', id: key, change: 'created' });
      return claimLease(key)(tx);
    };
    return { store, clock, faults, owner, codes, claim, published };
  }

  test(`${name}: a write is read as soon as it is stored, also by whoever opens the database next`, async () => {
    const engine = create();
    const { store, owner } = await setUp({}, engine);
    expect(await store.write(claimLease('a'))).toBe(true);
    expect(await owner('a')).toBe('me');
    await store.close();
    const next = await setUp({}, engine);
    expect(await next.owner('a')).toBe('me');
  });

  test(`${name}: a write that throws is undone and rejects with its error; those beside it are stored and published`, async () => {
    const { store, owner, claim, published } = await setUp();
    const runs: string[] = [];
    const note = (key: string) => (tx: Transaction) => {
      runs.push(key);
      return claim(key)(tx);
    };
    const results = await Promise.allSettled([
      store.write(note('before')),
      store.write(async (tx) => {
        await note('undone')(tx);
        throw new Error('changed my mind');
      }),
      store.write(note('after')),
    ]);
    expect(published).toEqual(['before', 'after']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { message: 'changed my mind' } });
    expect(await Promise.all(['before', 'undone', 'after'].map(owner))).toEqual(['me', undefined, 'me']);
    // All shared a transaction that was undone, and ran again.
    expect(runs.filter((key) => key === 'before')).toHaveLength(2);
  });

  test(`${name}: a violated constraint is the writer's fault, not the store's`, async () => {
    const { store, codes } = await setUp();
    await store.write(claimLease('a'));
    const again = store.write((tx) =>
      acquireLease(tx, { key: 'a', owner: null as unknown as string, liveness: createLiveness('other', () => []), nowMs: 1 }),
    );
    await expect(again).rejects.not.toMatchObject({ code: 'UNAVAILABLE' });
    expect(codes()).toEqual([]);
  });

  test(`${name}: an early value comes before the commit, and reads see the write once it is stored`, async () => {
    const { store, owner, claim, published } = await setUp();
    let heard = 0;
    store.onWritten(() => (heard += 1));
    const { value, stored } = await store.writeEarly(claim('a'));
    expect([value, heard, published]).toEqual([true, 0, []]);
    await stored;
    expect([await owner('a'), heard, published]).toEqual(['me', 1, ['a']]);
    await expect(store.writeEarly(() => Promise.reject(new Error('changed my mind')))).rejects.toThrow('changed my mind');
  });

  test(`${name}: a failed commit rejects plain and early writes, stores nothing, and the store recovers`, async () => {
    const { store, clock, faults, owner, codes, claim, published } = await setUp();
    faults.commit = diskFull();
    const [early, plain] = [store.writeEarly(claim('early')), store.write(claim('plain'))];
    const { value, stored } = await early;
    expect(value).toBe(true);
    await expect(plain).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(stored).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await Promise.all(['early', 'plain'].map(owner))).toEqual([undefined, undefined]);
    expect(codes()).toEqual(['STORE_UNAVAILABLE']);
    faults.commit = undefined;
    clock.advance(1_000);
    await eventually(() => expect(codes()).toEqual([]));
    expect([await store.write(claim('again')), published]).toEqual([true, ['again']]);
  });

  test(`${name}: a database that cannot be opened is tried again, and answers UNAVAILABLE meanwhile`, async () => {
    const { store, clock, faults, codes } = await setUp({ open: diskFull() });
    await expect(store.write(claimLease('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(store.read((tx) => readLeaseOwner(tx, 'a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(codes()).toEqual(['STORE_UNAVAILABLE']);
    faults.open = undefined;
    clock.advance(250);
    await eventually(() => expect(codes()).toEqual([]));
    expect(await store.write(claimLease('a'))).toBe(true);
  });

  test(`${name}: closing stores what was submitted, and refuses what comes later`, async () => {
    const engine = create();
    const { store } = await setUp({}, engine);
    const writing = Promise.all(['a', 'b'].map((key) => store.write(claimLease(key))));
    const closing = store.close();
    expect(await writing).toEqual([true, true]);
    await closing;
    await expect(store.write(claimLease('c'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const next = await setUp({}, engine);
    expect(await Promise.all(['a', 'b', 'c'].map(next.owner))).toEqual(['me', 'me', undefined]);
  });
}
