import type { FakeClock } from './fake-clock.js';

/** Moves a fake clock on until something is so. */
export async function advanceUntil(clock: FakeClock, condition: () => boolean): Promise<void> {
  while (!condition()) {
    clock.advance(250);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
