import { expect, test } from 'vitest';
import { createSerial } from '../../shared/serial.js';

test('actions run one after another in the order of the calls, also after one that failed', async () => {
  const inOrder = createSerial();
  const steps: string[] = [];
  const act = (name: string, isFailing = false) =>
    inOrder(async () => {
      steps.push(`${name} begins`);
      await Promise.resolve();
      steps.push(`${name} ends`);
      if (isFailing) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([act('a'), act('b', true), act('c')]);
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
