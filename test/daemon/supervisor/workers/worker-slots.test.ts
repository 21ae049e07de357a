import { describe, expect, test } from 'vitest';
import { WorkerSlots } from '../../../../daemon/supervisor/workers/worker-slots.js';
import type { WorkerProcess } from '../../../../daemon/supervisor/workers/worker-process.js';
import { activeWorker, fakeWorker, type FakeWorker } from '../../../helpers/fake-worker.js';

function slotsOf(...ids: string[]): { slots: WorkerSlots; fakes: FakeWorker[] } {
  return { slots: new WorkerSlots(), fakes: ids.map((instanceId) => activeWorker({ instanceId })) };
}

const [a, b, c] = ['wk_a', 'wk_b', 'wk_c'] as const;

test('a candidate takes the active place, and whoever had it retires', () => {
  const { slots, fakes } = slotsOf(a, b);
  const [first, second] = fakes.map(({ worker }) => worker) as [WorkerProcess, WorkerProcess];
  slots.candidate = first;
  expect(slots.slotOf(first)).toBe('candidate');
  expect(slots.promote()).toBeUndefined();
  slots.candidate = second;
  expect(slots.promote()).toBe(first);
  expect([first, second].map((worker) => slots.slotOf(worker))).toEqual(['retiring', 'active']);
  expect(slots.candidate).toBeUndefined();
  expect(slots.instanceIds()).toEqual([b, a]);
});

test('a removed worker is in no slot', () => {
  const { slots, fakes } = slotsOf(a, b, c);
  const workers = fakes.map(({ worker }) => worker);
  [slots.active, slots.candidate] = workers;
  slots.retiring.add(workers[2]!);
  for (const worker of workers) slots.remove(worker);
  expect(workers.map((worker) => slots.slotOf(worker))).toEqual(['none', 'none', 'none']);
  expect(slots.all()).toEqual([]);
});

describe('whether an earlier worker may still do what only one may do', () => {
  test('is so until each that retires has quiesced or is gone', () => {
    const { slots, fakes } = slotsOf(a, b);
    const [first, second] = fakes.map(({ worker }) => worker) as [WorkerProcess, WorkerProcess];
    expect(slots.isQuiescing).toBe(false);
    for (const worker of [first, second]) {
      slots.active = worker;
      slots.retireActive();
    }
    expect(slots.quiesced(first)).toBe(false);
    expect(slots.isQuiescing).toBe(true);
    expect(slots.quiesced(second)).toBe(true);
    expect(slots.isQuiescing).toBe(false);
    // It quiesced before it exits: nobody waits for that any more.
    expect(slots.quiesced(second)).toBe(false);
  });

  test('is not so of one that was removed', () => {
    const { slots, fakes } = slotsOf(a);
    slots.active = fakes[0]?.worker;
    slots.retireActive();
    if (fakes[0] !== undefined) slots.remove(fakes[0].worker);
    expect(slots.isQuiescing).toBe(false);
  });

  test('a stop makes the active one such a worker', () => {
    const { slots, fakes } = slotsOf(a);
    slots.active = fakes[0]?.worker;
    slots.retireActive();
    expect(slots.active).toBeUndefined();
    expect(slots.isQuiescing).toBe(true);
    slots.retireActive();
    expect(slots.all()).toHaveLength(1);
  });
});

test('connections are accepted by an active worker that listens and lives, by no other', () => {
  const { slots, fakes } = slotsOf(a);
  expect(slots.isAccepting).toBe(false);
  slots.candidate = fakeWorker().worker;
  expect(slots.isAccepting).toBe(false);
  slots.active = fakes[0]?.worker;
  expect(slots.isAccepting).toBe(true);
  fakes[0]?.child.exits({ code: 1 });
  expect(slots.isAccepting).toBe(false);
});

test('each worker is told who lives, and the lock who has to be ended', () => {
  const { slots, fakes } = slotsOf(a, b);
  [slots.active, slots.candidate] = fakes.map(({ worker }) => worker);
  slots.announcePeers();
  const peers = fakes.map(({ child }) => child.last('peers')?.['liveInstanceIds'] as string[] | undefined);
  expect(peers.map((ids) => ids?.toSorted())).toEqual([
    [a, b],
    [a, b],
  ]);
  expect(slots.locked()).toEqual(slots.all().map(({ pid }) => ({ role: 'worker', pid, startTime: null })));
});
