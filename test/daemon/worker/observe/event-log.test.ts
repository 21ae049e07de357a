import { expect, test } from 'vitest';
import type { FollowedEvent, GatewayEvent } from '../../../../shared/api/gateway/events.js';
import { CAPACITY, EventLog } from '../../../../daemon/worker/observe/event-log.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const session = (name: string): GatewayEvent => ({ type: 'session', session: name, change: 'created' });

function makeLog(instanceId = 'wk_a'): EventLog {
  return new EventLog({ instanceId, version: '1', buildId: 'b', clock: new FakeClock() });
}

/** Publishes events of sessions named 1, 2, … */
function publishMany(log: EventLog, count: number): void {
  for (let number = 1; number <= count; number += 1) log.publish(session(String(number)));
}

/** Reads up to `count` events. */
async function read(log: EventLog, count: number, lastEventId?: string): Promise<FollowedEvent[]> {
  const events: FollowedEvent[] = [];
  const stop = new AbortController();
  for await (const event of log.follow(lastEventId, stop.signal)) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

const names = (events: readonly FollowedEvent[]): unknown[] => events.map(({ type, data }) => data['session'] ?? type);

test('a follower gets hello and then what happens from now on, each event with the next id and its time', async () => {
  const log = makeLog();
  log.publish(session('before'));
  const following = read(log, 3);
  log.publish(session('a'));
  log.publish(session('b'));
  const events = await following;
  expect(names(events)).toEqual(['hello', 'a', 'b']);
  expect(events.map(({ id }) => id)).toEqual(['wk_a.1', 'wk_a.2', 'wk_a.3']);
  expect(events[1]?.data).toEqual({ at: expect.stringMatching(/Z$/), session: 'a', change: 'created' });
});

test('who comes back gets what it missed, in order and once, and goes on live', async () => {
  const log = makeLog();
  for (const name of ['a', 'b', 'c']) log.publish(session(name));
  const following = read(log, 4, 'wk_a.1');
  setImmediate(() => log.publish(session('live')));
  expect(names(await following)).toEqual(['hello', 'b', 'c', 'live']);
});

test.each([
  ['of another worker', 'wk_b.1'],
  ['of the future', 'wk_a.99'],
  ['that is none', 'nonsense'],
])('an id %s gets a reset, then what happens from now on', async (_what, id) => {
  const log = makeLog();
  log.publish(session('a'));
  const following = read(log, 3, id);
  log.publish(session('b'));
  expect(names(await following)).toEqual(['hello', 'reset', 'b']);
});

test('dropped events are reported by a reset', async () => {
  const log = makeLog();
  publishMany(log, CAPACITY + 2);
  const kept = names(await read(log, CAPACITY + 1, 'wk_a.2'));
  expect([kept.slice(0, 2), kept.at(-1)]).toEqual([['hello', '3'], String(CAPACITY + 2)]);
  const following = read(log, 3, 'wk_a.1');
  setImmediate(() => log.publish(session('next')));
  expect(names(await following)).toEqual(['hello', 'reset', 'next']);
});

test('a slow follower gets a reset and delays no other', async () => {
  const log = makeLog();
  const stop = new AbortController();
  const slow = log.follow(undefined, stop.signal)[Symbol.asyncIterator]();
  await slow.next();
  publishMany(log, CAPACITY + 10);
  const reset = await slow.next();
  expect(reset.value).toMatchObject({ id: `wk_a.${CAPACITY + 10}`, type: 'reset' });
  log.publish(session('next'));
  expect((await slow.next()).value).toMatchObject({ id: `wk_a.${CAPACITY + 11}`, data: { session: 'next' } });
});

test('draining ends every stream, after what came before it; who comes then is sent away at once', async () => {
  const log = makeLog();
  const following = read(log, 10);
  log.publish(session('a'));
  log.publish({ type: 'draining' });
  expect(names(await following)).toEqual(['hello', 'a', 'draining']);
  expect(names(await read(log, 10))).toEqual(['hello', 'draining']);
  expect(names(await read(log, 10, 'wk_a.1'))).toEqual(['hello', 'draining']);
});

test('a follower whose signal aborts ends, also while it waits', async () => {
  const log = makeLog();
  const stop = new AbortController();
  const events = log.follow(undefined, stop.signal)[Symbol.asyncIterator]();
  await events.next();
  const next = events.next();
  stop.abort();
  expect((await next).done).toBe(true);
});
