import { once } from 'node:events';
import { expect, test } from 'vitest';
import { buildFixture, startFixture } from '../../../helpers/fixture-process.js';

test('garbage is collected long before it is a multiple of what is in use', async () => {
  const [multiple] = (await once(startFixture(buildFixture('garbage-maker'), []), 'message')) as [number];
  // The young generation comes on top of the half. Without the limit it is over 4.
  expect(multiple).toBeLessThan(3.5);
});

/** Bits of V8's `OptimizationStatus`: by any compiler, and by TurboFan. Node 24 also has a smaller compiler. */
const [OPTIMIZED, TURBOFANNED] = [1 << 4, 1 << 6];

test('the optimizing compiler does nothing after doNotOptimize, however often a function is called', async () => {
  const script = buildFixture('hot-function');
  const statusOf = async (...args: string[]): Promise<number> => ((await once(startFixture(script, args), 'message')) as [number])[0];
  expect((await statusOf('doNotOptimize')) & TURBOFANNED).toBe(0);
  expect((await statusOf()) & OPTIMIZED).toBe(OPTIMIZED);
});
