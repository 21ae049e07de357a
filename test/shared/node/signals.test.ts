import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withSignal } from '../../../shared/node/signals.js';

test('work gets a signal that aborts with the first of several, and leaves nothing in them', async () => {
  const [lasting, other] = [new AbortController(), new AbortController()];
  const signals = [lasting.signal, other.signal];
  for (let time = 0; time < 3; time += 1) expect(await withSignal(signals, async ({ aborted }) => aborted)).toBe(false);
  await expect(withSignal(signals, () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');
  const reason = await withSignal(signals, (signal) => {
    expect(getEventListeners(lasting.signal, 'abort')).toHaveLength(1);
    other.abort('enough');
    return Promise.resolve(signal.reason as unknown);
  });
  expect(reason).toBe('enough');
  // Node would warn of more than ten at once, which fails a test.
  await Promise.all(Array.from({ length: 11 }, () => withSignal([lasting.signal], () => Promise.resolve())));
  expect(await withSignal(signals, async ({ aborted }) => aborted)).toBe(true);
  const kept = Reflect.ownKeys(lasting.signal).find((key) => String(key) === 'Symbol(kDependantSignals)');
  expect([getEventListeners(lasting.signal, 'abort'), kept && (Reflect.get(lasting.signal, kept) as unknown)]).toEqual([[], undefined]);
});
