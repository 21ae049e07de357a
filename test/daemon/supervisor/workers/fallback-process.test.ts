import { describe, expect, test } from 'vitest';
import { FALLBACK_AFTER_MS, FALLBACK_DRAIN_MS, FallbackKeeper } from '../../../../daemon/supervisor/workers/fallback-process.js';
import { type FakeChild, fakeSpawn } from '../../../helpers/fake-child.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const HANDLE = { is: 'the listening handle' };

interface Kept {
  readonly keeper: FallbackKeeper;
  readonly clock: FakeClock;
  readonly children: readonly FakeChild[];
  readonly changes: () => number;
  readonly said: { reason: string };
}

function keeping(handle: object = HANDLE): Kept {
  const clock = new FakeClock();
  const { spawn, children } = fakeSpawn();
  let changes = 0;
  const said = { reason: 'it crashed', retryAfterSeconds: 3, lastExitAt: null };
  const keeper = new FallbackKeeper({
    clock,
    resources: { openSocket: { handle } },
    respawn: said,
    onChange: () => (changes += 1),
    spawn,
  });
  return { keeper, clock, children, changes: () => changes, said };
}

/** It is there and accepts. */
function accepting(): Kept & { readonly child: FakeChild } {
  const kept = keeping();
  kept.keeper.update(true);
  kept.clock.advance(FALLBACK_AFTER_MS);
  const [child] = kept.children;
  if (child === undefined) throw new Error('none was started');
  child.says({ type: 'ready' });
  return { ...kept, child };
}

test('it starts when nobody has accepted for 2 s, with the reason, on the handle', () => {
  const { keeper, clock, children, changes } = keeping();
  keeper.update(true);
  clock.advance(FALLBACK_AFTER_MS - 1);
  expect(children).toEqual([]);
  clock.advance(1);
  expect(children).toHaveLength(1);
  expect(children[0]?.options).toMatchObject({
    role: 'fallback',
    boot: { supervisorPid: process.pid, reason: 'it crashed', retryAfterSeconds: 3, lastExitAt: null },
  });
  expect(children[0]?.sent).toEqual([]);
  expect(keeper.isRunning).toBe(false);
  children[0]?.says({ type: 'ready' });
  expect(children[0]?.sent).toEqual([{ message: { type: 'listen' }, handle: HANDLE }]);
  expect(keeper.isRunning).toBe(true);
  expect(keeper.locked()).toEqual([{ role: 'fallback', pid: children[0]?.pid, startTime: null }]);
  expect(changes()).toBe(2);
});

test('the 2 s count from when nobody accepted, however often that is said', () => {
  const { keeper, clock, children } = keeping();
  for (let step = 0; step < 4; step += 1) {
    keeper.update(true);
    clock.advance(FALLBACK_AFTER_MS / 4);
  }
  expect(children).toHaveLength(1);
});

test('it does not start when a worker accepts before, and the time counts anew after', () => {
  const { keeper, clock, children } = keeping();
  keeper.update(true);
  clock.advance(FALLBACK_AFTER_MS - 1);
  keeper.update(false);
  clock.advance(FALLBACK_AFTER_MS);
  keeper.update(true);
  clock.advance(FALLBACK_AFTER_MS - 1);
  expect(children).toEqual([]);
});

test('it receives a changed reason', () => {
  const { keeper, children, child, said } = accepting();
  said.reason = 'it ran out of memory';
  keeper.update(true);
  expect(child.sent.at(-1)?.message).toMatchObject({ type: 'reason', reason: 'it ran out of memory', retryAfterSeconds: 3 });
  expect(children).toHaveLength(1);
});

test('it finishes its answers when a worker accepts again, and is in the lock until it has left', () => {
  const { keeper, clock, child, children } = accepting();
  keeper.update(false);
  keeper.update(false);
  expect(child.sentTypes).toEqual(['listen', 'drain']);
  expect(keeper.isRunning).toBe(false);
  expect(keeper.locked()).toHaveLength(1);
  child.exits({ code: 0 });
  expect(keeper.locked()).toEqual([]);
  clock.advance(60_000);
  expect(children.map(({ kills }) => kills)).toEqual([0]);
});

test.each<[string, (child: FakeChild) => void]>([
  ['says so', (child) => child.says({ type: 'closed' })],
  ['exits', (child) => child.exits({ code: 1 })],
])('the worker listens once it accepts no more: it %s', (_how, close) => {
  const { keeper, child } = accepting();
  let closed = 0;
  keeper.stop(() => (closed += 1));
  keeper.stop();
  expect(closed).toBe(0);
  close(child);
  expect(closed).toBe(1);
  keeper.stop(() => (closed += 1));
  expect(closed).toBe(2);
});

test('one that has not begun to accept is killed at once, and never gets the socket', () => {
  const { keeper, clock, children } = keeping();
  let closed = 0;
  keeper.stop(() => (closed += 1));
  keeper.update(true);
  clock.advance(FALLBACK_AFTER_MS);
  keeper.stop(() => (closed += 1));
  expect([closed, children[0]?.kills]).toEqual([2, 1]);
  children[0]?.says({ type: 'ready' });
  expect(children[0]?.sentTypes).toEqual([]);
});

test('one that does not leave is killed', () => {
  const { keeper, clock, child } = accepting();
  keeper.update(false);
  clock.advance(FALLBACK_DRAIN_MS - 1);
  expect(child.kills).toBe(0);
  clock.advance(1);
  expect(child.kills).toBe(1);
});

test('it is killed at once when the supervisor leaves', () => {
  const { keeper, child } = accepting();
  keeper.end();
  expect(child.kills).toBe(1);
});

describe('requests are answered although it exits', () => {
  test('by itself: another one starts', () => {
    const { clock, child, children } = accepting();
    child.exits({ code: 1 });
    clock.advance(FALLBACK_AFTER_MS);
    expect(children).toHaveLength(2);
  });

  test('while it leaves and is needed again: another one starts at once', () => {
    const { keeper, child, children } = accepting();
    keeper.update(false);
    keeper.update(true);
    expect(child.sentTypes).toEqual(['listen', 'drain']);
    child.exits({ code: 0 });
    expect(children).toHaveLength(2);
    children[1]?.says({ type: 'ready' });
    expect(keeper.isRunning).toBe(true);
  });
});

test('without a listening socket no fallback starts', () => {
  const clock = new FakeClock();
  const { spawn, children } = fakeSpawn();
  const respawn = { reason: '', retryAfterSeconds: 1, lastExitAt: null };
  const keeper = new FallbackKeeper({ clock, resources: { openSocket: undefined }, respawn, onChange: () => undefined, spawn });
  keeper.update(true);
  clock.advance(FALLBACK_AFTER_MS);
  expect(children).toEqual([]);
});
