import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServerClock } from '../../../../../daemon/worker/store/postgres/members/server-clock.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Reads the server's clock, whose answer takes so long. */
function read(clock: ServerClock, serverMs: number, tookMs = 0): void {
  const sentAtMs = performance.now();
  vi.advanceTimersByTime(tookMs);
  clock.note({ sentAtMs, receivedAtMs: performance.now(), serverMs });
}

test('it goes on from the server’s time, whatever the machine’s clock is set to', () => {
  const clock = new ServerClock();
  expect(clock.now()).toBeUndefined();
  read(clock, 5_000_000);
  vi.advanceTimersByTime(2_500);
  vi.setSystemTime(90_000_000);
  expect(clock.now()).toBe(5_002_500);
});

test('the time that an answer takes does not make it jump, and a change of the server’s clock is followed', () => {
  const clock = new ServerClock();
  read(clock, 5_000_000);
  // The server read it at once; the answer took its time.
  read(clock, 5_000_000, 400);
  expect(clock.now()).toBe(5_000_400);
  read(clock, 5_000_390, 20);
  expect(clock.now()).toBe(5_000_410);
  read(clock, 4_000_000);
  expect(clock.now()).toBe(4_000_000);
});
