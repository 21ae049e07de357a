import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { sleep } from '../../../webui/src/browser/sleep.js';

test('a sleep ends after its time or with the signal, and leaves no listener behind', async () => {
  const abort = new AbortController();
  const listeners = (): number => getEventListeners(abort.signal, 'abort').length;
  const short = sleep(1, abort.signal);
  expect(listeners()).toBe(1);
  await short;
  expect(listeners()).toBe(0);
  const long = sleep(3_600_000, abort.signal);
  abort.abort();
  await long;
  expect(listeners()).toBe(0);
});
