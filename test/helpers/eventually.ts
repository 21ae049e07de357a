/** Waits for what nothing tells: tried again until it does not throw, for as long as a busy machine may need. */
import { vi } from 'vitest';

/** vitest's own limit is a second. */
const PATIENCE_MS = 10_000;

export function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(attempt, { timeout: PATIENCE_MS, interval: 10 });
}
