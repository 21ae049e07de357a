/**
 * Loaded before every test file: a warning of the process (a leaked listener, a deprecated call) fails the run, and what a file puts in the
 * place of globals ends with the file.
 */
import { afterAll, vi } from 'vitest';

const strict = Symbol.for('xopc.test.strict');
const marked = process as typeof process & { [strict]?: true };

// Files that share a process share the listener.
if (marked[strict] === undefined) {
  marked[strict] = true;
  // Packages look for it, of which Node 26 warns. The bundles of the gateway have no such look (bin/bundle).
  Object.defineProperty(globalThis, 'localStorage', { value: undefined, configurable: true, writable: true });
  process.on('warning', (warning) => {
    throw warning;
  });
}

// Files that share a process would get each other's.
afterAll(() => void vi.unstubAllGlobals());
