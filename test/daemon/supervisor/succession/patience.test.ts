import { expect, test } from 'vitest';
import { limitWait } from '../../../../daemon/supervisor/succession/patience.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const LIMIT_MS = 5_000;

test('a wait is over at its limit', () => {
  const clock = new FakeClock();
  let calls = 0;
  limitWait(clock, LIMIT_MS, () => (calls += 1));
  clock.advance(LIMIT_MS - 1);
  expect(calls).toBe(0);
  clock.advance(LIMIT_MS);
  expect(calls).toBe(1);
});

test('what arrived while this process was stopped is read first, and may cancel it', () => {
  const clock = new FakeClock();
  let calls = 0;
  const cancel = limitWait(clock, LIMIT_MS, () => (calls += 1));
  // The first timer is due at once when the process continues; the message is read after it.
  clock.advance(LIMIT_MS - 1);
  cancel();
  clock.advance(LIMIT_MS);
  expect(calls).toBe(0);
});

test('cancelled before, it never calls', () => {
  const clock = new FakeClock();
  let calls = 0;
  limitWait(clock, LIMIT_MS, () => (calls += 1))();
  clock.advance(2 * LIMIT_MS);
  expect(calls).toBe(0);
});
