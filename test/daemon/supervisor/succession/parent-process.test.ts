import { expect, test } from 'vitest';
import { awaitExit } from '../../../../daemon/supervisor/succession/parent-process.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

/** A parent that is found alive `looks` times, and once more after SIGTERM. */
function parent(looks: number): { isAlive(): boolean; hasten(): void; kill(): void; hastened(): number } {
  let left = looks;
  let hastened = 0;
  return {
    isAlive: () => (left -= 1) >= 0,
    hasten() {
      hastened += 1;
      left = 1;
    },
    kill: () => undefined,
    hastened: () => hastened,
  };
}

test('a parent that exits in time is not signalled', async () => {
  const exiting = parent(3);
  await awaitExit(exiting, new FakeClock(), 5_000);
  await awaitExit(exiting, new FakeClock(), 5_000);
  expect(exiting.hastened()).toBe(0);
});

test('a parent that does not exit in time is signalled once', async () => {
  const slow = parent(1_000);
  await awaitExit(slow, new FakeClock(), 0);
  expect(slow.hastened()).toBe(1);
});
