import { expect, test } from 'vitest';
import { createOverviewHistory } from '../../../../daemon/worker/observe/overview-history.js';
import { Samples } from '../../../../daemon/worker/observe/samples.js';
import { purgeSamples, readSamples } from '../../../../daemon/worker/store/overview/minute-samples.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { overviewHistoryResponse } from '../../../../shared/api/gateway/overview.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { openStore } from '../../../helpers/open-store.js';

const MINUTE = 60_000;
const START = Date.parse('2026-03-01T12:00:30Z');

const turn = (state: 'done' | 'error' | 'started', inputTokens = 10) =>
  ({ type: 'turn', session: 's', agentId: 'main', state, model: null, usage: { inputTokens, outputTokens: 5, costUsd: null } }) as const;

function worker(store: Pick<Store, 'write'>, clock: FakeClock) {
  const requests = { count: 0, failed: 0 };
  const samples = new Samples({ store, clock, logger: logMemory(), requests: () => ({ ...requests }), rssBytes: () => 1_000 });
  return { samples, requests };
}

/** Lets the time pass, and the writes that are due then. */
async function passTime(clock: FakeClock, store: Store, durationMs: number): Promise<void> {
  clock.advance(durationMs);
  // They are handed to the store now, but not at once.
  await new Promise(setImmediate);
  await store.write(() => Promise.resolve());
}

async function pass(clock: FakeClock, store: Store, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) await passTime(clock, store, MINUTE);
}

const stored = (store: Store) => store.read((tx) => readSamples(tx, { fromMinute: 0, untilMinute: 1e9 }));

test('each minute has a row with what happened in it, and a worker that takes over adds to the same one', async () => {
  const store = await openStore();
  const clock = new FakeClock(START);
  const first = worker(store, clock);
  first.samples.start();
  first.requests.count = 3;
  for (const state of ['started', 'done', 'error'] as const) first.samples.note(turn(state));
  first.samples.noteLate(12.4);
  await pass(clock, store, 2);
  first.requests.count = 4;
  first.requests.failed = 1;
  const second = worker(store, clock);
  second.samples.start();
  second.requests.count = 2;
  await first.samples.stop();
  await second.samples.stop();
  const minute = Math.floor(START / MINUTE);
  const rows = await stored(store);
  expect(rows.map((row) => row.minute - minute)).toEqual([0, 1, 2]);
  expect(rows[0]).toMatchObject({ starts: 1, requests: 3, turns: 2, failedTurns: 1, inputTokens: 20, outputTokens: 10, lateMs: 12 });
  expect(rows[1]).toMatchObject({ starts: 0, requests: 0, turns: 0, lateMs: 0, rssBytes: 1_000 });
  expect(rows[2]).toMatchObject({ starts: 1, requests: 3, failedRequests: 1, rssBytes: 1_000 });
});

test('a worker that is killed has stored its turns a second after they ended', async () => {
  const store = await openStore();
  const clock = new FakeClock(START);
  const { samples, requests } = worker(store, clock);
  samples.start();
  const amounts = async () =>
    (await stored(store)).map(({ turns, failedTurns, inputTokens, ...rest }) => [turns, failedTurns, inputTokens, rest.requests]);
  for (const state of ['done', 'error'] as const) samples.note(turn(state));
  requests.count = 2;
  await passTime(clock, store, 1_000);
  expect(await amounts()).toEqual([[2, 1, 20, 2]]);
  clock.advance(1_000);
  samples.note(turn('done'));
  await passTime(clock, store, 1_000);
  expect(await amounts()).toEqual([[3, 1, 30, 2]]);
  samples.note(turn('done'));
  await samples.stop();
  expect(await amounts()).toEqual([[4, 1, 40, 2]]);
});

test('a store that cannot be written delays no other work, and old samples are purged in steps', async () => {
  const store = await openStore();
  const clock = new FakeClock(START);
  const { samples } = worker(store, clock);
  samples.start();
  await pass(clock, store, 5);
  await samples.stop();
  expect(await store.write((tx) => purgeSamples(tx, Math.floor(START / MINUTE) + 2))).toBe(2);
  expect(await stored(store)).toHaveLength(4);
  await store.close();
  const next = worker(store, clock).samples;
  next.start();
  await next.stop();
});

test('what could not be stored for some minutes is stored afterwards, each minute in its own row', async () => {
  const store = await openStore();
  const clock = new FakeClock(START);
  let isAway = true;
  const away = () => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'the disk is full' }));
  const { samples, requests } = worker({ write: (work) => (isAway ? away() : store.write(work)) }, clock);
  samples.start();
  samples.note(turn('error'));
  requests.failed = 1;
  for (let minute = 0; minute < 3; minute += 1) {
    requests.count += 2;
    await pass(clock, store, 1);
  }
  expect(await stored(store)).toEqual([]);
  isAway = false;
  await pass(clock, store, 1);
  await samples.stop();
  const rows = await stored(store);
  const firstMinute = Math.floor(START / MINUTE);
  expect(rows.map((row) => [row.minute - firstMinute, row.starts, row.requests, row.failedRequests, row.failedTurns])).toEqual([
    [0, 1, 2, 1, 1],
    [1, 0, 2, 0, 0],
    [2, 0, 2, 0, 0],
    [3, 0, 0, 0, 0],
    [4, 0, 0, 0, 0],
  ]);
});

test('the history tells up from down from not yet known, across restarts', async () => {
  const store = await openStore();
  const clock = new FakeClock(START);
  const history = createOverviewHistory({ store, clock });
  const empty = await history({ hours: 1, stepMinutes: 15 });
  expect([empty.knownSince, new Set(empty.buckets.map(({ state }) => state))]).toEqual([null, new Set(['unknown'])]);

  const first = worker(store, clock);
  first.samples.start();
  first.requests.count = 7;
  // Up until 12:20, down until 12:50, up again.
  await pass(clock, store, 20);
  await first.samples.stop();
  await pass(clock, store, 30);
  const second = worker(store, clock);
  second.samples.start();
  await pass(clock, store, 20);
  const read = await history({ hours: 2, stepMinutes: 15 });
  expect(overviewHistoryResponse().parse({ status: 'ok', ...read }).knownSince).toBe('2026-03-01T12:00:00.000Z');
  const states = Object.fromEntries(
    read.buckets.map(({ at, state, downMinutes, starts }) => [at.slice(11, 16), [state, downMinutes, starts]]),
  );
  expect(states).toMatchObject({
    '11:45': ['unknown', 0, 0],
    '12:00': ['up', 0, 1],
    '12:15': ['partly', 9, 0],
    '12:30': ['down', 15, 0],
    '12:45': ['partly', 5, 1],
    '13:00': ['up', 0, 0],
  });
  expect(read.buckets).toHaveLength(8);
  expect(read.buckets.reduce((sum, { requests }) => sum + requests, 0)).toBe(7);
  // A part that has just begun has no sample yet, but a gateway that answers.
  await pass(clock, store, 5);
  const { at, state } = (await history({ hours: 1, stepMinutes: 15 })).buckets.at(-1) ?? {};
  expect([at?.slice(11, 16), state]).toEqual(['13:15', 'up']);
  await second.samples.stop();
});
