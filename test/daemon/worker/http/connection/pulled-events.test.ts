import { expect, test, vi } from 'vitest';
import { PulledEvents } from '../../../../../daemon/worker/http/connection/pulled-events.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

test('a stream that stays silent for long keeps nothing of its heartbeats, and goes on', async () => {
  const clock = new FakeClock();
  let tell: (result: IteratorResult<string, undefined>) => void = () => undefined;
  const next = new Promise<IteratorResult<string, undefined>>((resolve) => (tell = resolve));
  const listen = vi.spyOn(next, 'then');
  const source = { next: () => next, [Symbol.asyncIterator]: () => source };
  const events = new PulledEvents<string>(source, new AbortController().signal, clock)[Symbol.asyncIterator]();
  for (let beat = 0; beat < 5; beat += 1) {
    const step = events.next();
    clock.advance(15_000);
    expect(await step).toEqual({ done: false, value: undefined });
  }
  const step = events.next();
  tell({ done: false, value: 'word' });
  expect(await step).toEqual({ done: false, value: 'word' });
  expect(listen).toHaveBeenCalledTimes(1);
});
