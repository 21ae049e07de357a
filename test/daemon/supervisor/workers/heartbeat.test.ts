import { expect, test } from 'vitest';
import { HANG_AFTER_MS, CHECK_MS, HeartbeatMonitor } from '../../../../daemon/supervisor/workers/heartbeat.js';
import type { Clock } from '../../../../shared/clock.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

interface Watched {
  readonly clock: FakeClock;
  readonly monitor: HeartbeatMonitor;
  readonly hangs: number[];
  /** Sets the time of day without touching the timers, as a correction of the clock or a sleep of the machine does. */
  setTime(byMs: number): void;
}

function monitored(): Watched {
  const clock = new FakeClock();
  let offsetMs = 0;
  const timeOfDay: Clock = { now: () => clock.now() + offsetMs, after: (delayMs, callback) => clock.after(delayMs, callback) };
  const hangs: number[] = [];
  const onHang = (silentMs: number): void => void hangs.push(silentMs);
  const monitor = new HeartbeatMonitor({ clock: timeOfDay, onHang });
  monitor.start();
  return { clock, monitor, hangs, setTime: (byMs) => (offsetMs += byMs) };
}

/** Beats each second for so many seconds. */
function beatFor(seconds: number, { clock, monitor }: Pick<ReturnType<typeof monitored>, 'clock' | 'monitor'>): void {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(CHECK_MS);
    monitor.beat();
  }
}

test('15 s of silence are a hang, said once, with how long it was', () => {
  const { clock, hangs } = monitored();
  clock.advance(HANG_AFTER_MS - 1);
  expect(hangs).toEqual([]);
  clock.advance(60_000);
  expect(hangs).toEqual([HANG_AFTER_MS]);
});

test('a worker that beats is never hung, and one that stops beating later is', () => {
  const context = monitored();
  beatFor(120, context);
  expect(context.hangs).toEqual([]);
  context.clock.advance(HANG_AFTER_MS + CHECK_MS);
  expect(context.hangs).toEqual([HANG_AFTER_MS]);
});

test('a beat after almost 15 s starts the count anew', () => {
  const { clock, monitor, hangs } = monitored();
  clock.advance(14_500);
  monitor.beat();
  clock.advance(14_000);
  expect(hangs).toEqual([]);
});

test('no worker is checked once the watch has stopped', () => {
  const { clock, monitor, hangs } = monitored();
  clock.advance(10_000);
  monitor.stop();
  clock.advance(60_000);
  expect(hangs).toEqual([]);
});

test('started twice it still watches once, and stops', () => {
  const { clock, monitor, hangs } = monitored();
  monitor.start();
  monitor.stop();
  clock.advance(60_000);
  expect(hangs).toEqual([]);
});

test.each([
  ['a clock that jumps an hour ahead', 3_600_000],
  ['a machine that was asleep for a night', 8 * 3_600_000],
  ['a clock that jumps an hour back', -3_600_000],
])('%s makes no worker hang, and silence after it still does', (_what, jumpMs) => {
  const context = monitored();
  beatFor(5, context);
  context.setTime(jumpMs);
  beatFor(20, context);
  expect(context.hangs).toEqual([]);
  context.clock.advance(HANG_AFTER_MS + CHECK_MS);
  expect(context.hangs).toHaveLength(1);
  expect(context.hangs[0]).toBeLessThan(HANG_AFTER_MS + 2 * CHECK_MS);
});

test.each([3_600_000, -3_600_000])('silence that begins before a jump of %i ms still counts from the jump on', (jumpMs) => {
  const { clock, hangs, setTime } = monitored();
  clock.advance(5_000);
  setTime(jumpMs);
  clock.advance(HANG_AFTER_MS);
  expect(hangs).toEqual([]);
  clock.advance(CHECK_MS);
  expect(hangs).toEqual([HANG_AFTER_MS]);
});

test('a check delayed by a suspended supervisor does not count as silence', () => {
  const { clock, monitor, hangs, setTime } = monitored();
  for (let round = 0; round < 10; round += 1) {
    setTime(14_000); // SIGSTOP: no timer runs, and the beats that came are still unread
    clock.advance(CHECK_MS);
    monitor.beat();
  }
  expect(hangs).toEqual([]);
});
