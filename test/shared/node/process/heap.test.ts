import { once } from 'node:events';
import { expect, test } from 'vitest';
import { buildFixture, startFixture } from '../../../helpers/fixture-process.js';

test('garbage is collected long before it is a multiple of what is in use', async () => {
  const [multiple] = (await once(startFixture(buildFixture('garbage-maker'), []), 'message')) as [number];
  // The young generation comes on top of the half. Without the limit it is over 4.
  expect(multiple).toBeLessThan(3.5);
});

test('no function is optimized after doNotOptimize, however often it is called', async () => {
  const script = buildFixture('hot-function');
  const isOptimized = async (...args: string[]): Promise<unknown> => ((await once(startFixture(script, args), 'message')) as unknown[])[0];
  expect(await isOptimized('doNotOptimize')).toBe(false);
  expect(await isOptimized()).toBe(true);
});
