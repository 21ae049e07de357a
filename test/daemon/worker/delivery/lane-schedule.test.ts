import { expect, test } from 'vitest';
import { LANE_TRANSITIONS, type LaneEvent, LaneSchedule, type LaneState } from '../../../../daemon/worker/delivery/lane-schedule.js';
import type { Lane } from '../../../../daemon/worker/store/delivery/outbox.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const lane = (chatId: string, accountId = 'a'): Lane => ({ channel: 'test', accountId, chatId });

/** A schedule whose runs end when the test says so. */
function makeSchedule(maxRunningPerAccount = 8, maxExtraPerAccount = 0) {
  const clock = new FakeClock();
  const ends = new Map<string, (next: number | 'full' | undefined) => void>();
  const runs: string[] = [];
  const schedule = new LaneSchedule({
    clock,
    maxRunningPerAccount,
    maxExtraPerAccount,
    run: ({ chatId }, hasPlace) => {
      runs.push(hasPlace ? chatId : `${chatId} extra`);
      return new Promise((resolve) => ends.set(chatId, resolve));
    },
  });
  const end = async (chatId: string, inMs?: number | 'full'): Promise<void> => {
    ends.get(chatId)?.(typeof inMs === 'number' ? clock.now() + inMs : inMs);
    await new Promise(setImmediate);
  };
  return { schedule, clock, runs, end };
}

const STATES: LaneState[] = ['idle', 'waiting', 'ready', 'running', 'stale'];
const EVENTS: LaneEvent[] = ['wake', 'due', 'start', 'wait', 'full', 'empty'];
/** One row per state, one column per event. `-`: the event changes nothing. */
const TABLE = `
  ready - - - - -
  ready ready - - - -
  - - running - - -
  stale - - waiting ready idle
  - - - ready ready ready`;
const CELLS = TABLE.trim()
  .split('\n')
  .flatMap((row, at) =>
    row
      .trim()
      .split(' ')
      .map((to, column) => [STATES[at]!, EVENTS[column]!, to] as const),
  );

test.each(CELLS)('a lane that is %s comes with the event %s to: %s', (state, event, to) => {
  expect(LANE_TRANSITIONS[state][event] ?? '-').toBe(to);
});

test('a lane that is woken several times during a run runs once more', async () => {
  const { schedule, runs, end } = makeSchedule();
  schedule.wake(lane('x'));
  schedule.wake(lane('x'));
  schedule.wake(lane('x'));
  expect(runs).toEqual(['x']);
  await end('x');
  expect(runs).toEqual(['x', 'x']);
  await end('x');
  expect(runs).toEqual(['x', 'x']);
});

test('a lane that waits runs when it is due, or when it is woken; adding it changes nothing', async () => {
  const { schedule, clock, runs, end } = makeSchedule();
  schedule.wake(lane('x'));
  await end('x', 5_000);
  schedule.add(lane('x'));
  clock.advance(4_999);
  expect(runs).toHaveLength(1);
  clock.advance(1);
  expect(runs).toHaveLength(2);
  await end('x', 5_000);
  schedule.wakeAccount('test', 'other');
  expect(runs).toHaveLength(2);
  schedule.wakeAccount('test', 'a');
  expect(runs).toHaveLength(3);
});

test('a lane that waits runs when it is found with another first item', async () => {
  const { schedule, runs, end } = makeSchedule();
  schedule.add({ ...lane('x'), head: 1 });
  await end('x', 5_000);
  schedule.add({ ...lane('x'), head: 1 });
  expect(runs).toHaveLength(1);
  schedule.add({ ...lane('x'), head: 2 });
  expect(runs).toHaveLength(2);
  // It may have been read before the run took its item.
  schedule.add({ ...lane('x'), head: 3 });
  await end('x', 5_000);
  expect(runs).toHaveLength(3);
});

test('places of an account are given in the order in which lanes became ready', async () => {
  const { schedule, runs, end } = makeSchedule(1);
  for (const chat of ['x', 'y', 'z']) schedule.wake(lane(chat));
  schedule.wake(lane('elsewhere', 'b'));
  expect(runs).toEqual(['x', 'elsewhere']);
  expect(schedule.hasReady(lane('x'))).toBe(true);
  // It is due again at once, and comes after those that have waited.
  await end('x', 0);
  await end('y');
  await end('z');
  expect(runs).toEqual(['x', 'elsewhere', 'y', 'z', 'x']);
});

test('while all places are taken, some lanes run without one, and keep their turn when they need one', async () => {
  const { schedule, runs, end } = makeSchedule(1, 1);
  for (const chat of ['x', 'y', 'z']) schedule.wake(lane(chat));
  expect(runs).toEqual(['x', 'y extra']);
  await end('y', 'full');
  expect(runs.slice(2)).toEqual(['z extra']);
  // While it runs, something comes in: it may need no place.
  schedule.wake(lane('z'));
  await end('z', 'full');
  await end('z', 'full');
  schedule.wake(lane('y'));
  expect(runs.slice(3)).toEqual(['z extra', 'y extra']);
  await end('x');
  // It is about to tell whether it needs the place.
  expect(runs.slice(5)).toEqual(['z']);
  await end('y', 'full');
  await end('z');
  await end('y');
  expect(runs.slice(6)).toEqual(['y']);
});

test('a lane that was done without a place does not run again', async () => {
  const { schedule, runs, end } = makeSchedule(1, 1);
  for (const chat of ['x', 'y']) schedule.wake(lane(chat));
  await end('y');
  await end('x');
  expect(runs).toEqual(['x', 'y extra']);
});

test('a lane that waits is checked within a minute when the clock was set back', async () => {
  const { schedule, clock, runs, end } = makeSchedule();
  schedule.wake(lane('x'));
  await end('x', 3_600_000);
  clock.jump(-86_400_000);
  clock.advance(60_000);
  expect(runs).toEqual(['x', 'x']);
});

test('after a stop nothing starts, and idle resolves with the last run', async () => {
  const { schedule, runs, end } = makeSchedule(1);
  schedule.wake(lane('x'));
  schedule.wake(lane('y'));
  schedule.stop();
  const idle = schedule.idle();
  await end('x', 0);
  await idle;
  schedule.wake(lane('z'));
  expect(runs).toEqual(['x']);
});
