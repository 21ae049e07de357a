import { setTimeout as delay } from 'node:timers/promises';

/**
 * Repeats `check` until it returns a value, or until `limitMs` have passed.
 * @param options.pause  waits between two checks: milliseconds, or until something may have changed
 * @returns the value, or undefined at the limit
 */
export async function poll<T>(
  check: () => T | undefined | Promise<T | undefined>,
  { limitMs, pause }: { limitMs: number; pause: number | (() => Promise<void>) },
): Promise<T | undefined> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined || Date.now() >= deadline) return value;
    await (typeof pause === 'number' ? delay(pause) : pause());
  }
}
