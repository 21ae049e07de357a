import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { pause, systemClock } from '../../shared/clock.js';

test('a pause ends after its time or with the signal, and leaves no listener behind', async () => {
  const abort = new AbortController();
  const listeners = (): number => getEventListeners(abort.signal, 'abort').length;
  const short = pause(1, systemClock, abort.signal);
  expect(listeners()).toBe(1);
  await short;
  expect(listeners()).toBe(0);
  const long = pause(3_600_000, systemClock, abort.signal);
  abort.abort();
  await long;
  expect(listeners()).toBe(0);
});
