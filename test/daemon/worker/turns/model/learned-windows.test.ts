import { expect, test } from 'vitest';
import { LearnedWindows } from '../../../../../daemon/worker/turns/model/learned-windows.js';
import type { ContextLimit } from '../../../../../daemon/worker/providers/context-limit.js';
import type { ResolvedModel } from '../../../../../daemon/worker/providers/registry.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

const model = (contextWindow: number | null): ResolvedModel => ({ ref: 'a/b', contextWindow }) as ResolvedModel;
const limit = (limitTokens: number | null, usedTokens: number | null): ContextLimit => ({ limitTokens, usedTokens });

test.each([
  { title: 'both numbers, counted as the vendor does', said: limit(8_000, 10_000), estimated: 10_000, learned: 8_000 },
  { title: 'both numbers, of which our estimate is half', said: limit(8_000, 10_000), estimated: 5_000, learned: 4_000 },
  { title: 'both numbers, of which our estimate is double', said: limit(8_000, 10_000), estimated: 20_000, learned: 8_000 },
  { title: 'only the limit', said: limit(8_000, null), estimated: 20_000, learned: 8_000 },
  { title: 'only the limit, above our estimate', said: limit(8_000, null), estimated: 7_500, learned: 6_000 },
  { title: 'numbers that contradict each other', said: limit(8_000, 10), estimated: 7_500, learned: 6_000 },
  { title: 'no number', said: limit(null, null), estimated: 30_000, learned: 15_000 },
  { title: 'a nonsensical number', said: limit(3, 4), estimated: 30_000, learned: 1_024 },
])('a window is learned from $title', ({ said, estimated, learned }) => {
  const windows = new LearnedWindows(new FakeClock());
  windows.learn(model(null), said, estimated);
  expect(windows.applyTo(model(null)).contextWindow).toBe(learned);
  expect(windows.applyTo(model(500)).contextWindow).toBe(500);
  expect(windows.applyTo({ ...model(null), ref: 'a/other' }).contextWindow).toBeNull();
});

test('it is forgotten after an hour, and the number of models is limited', () => {
  const clock = new FakeClock();
  const windows = new LearnedWindows(clock);
  windows.learn(model(null), limit(8_000, 10_000), 10_000);
  clock.advance(3_600_000);
  expect(windows.applyTo(model(null)).contextWindow).toBeNull();
  windows.learn(model(null), limit(8_000, 10_000), 10_000);
  for (let index = 0; index < 256; index += 1) windows.learn({ ...model(null), ref: `a/${index}` }, limit(8_000, 10_000), 10_000);
  expect(windows.applyTo(model(null)).contextWindow).toBeNull();
});
