import { once } from 'node:events';
import { expect, test } from 'vitest';
import { buildFixture, startFixture } from '../../../helpers/fixture-process.js';

test('garbage is collected long before it is a multiple of what is in use', async () => {
  const [multiple] = (await once(startFixture(buildFixture('garbage-maker'), []), 'message')) as [number];
  // The young generation comes on top of the half. Without the limit it is over 4.
  expect(multiple).toBeLessThan(3.5);
});
