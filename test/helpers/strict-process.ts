/** Loaded before every test file: a warning of the process (a leaked listener, a deprecated call) fails the run. */
const strict = Symbol.for('xopc.test.strict');
const marked = process as typeof process & { [strict]?: true };

// Files that share a process share the listener.
if (marked[strict] === undefined) {
  marked[strict] = true;
  process.on('warning', (warning) => {
    throw warning;
  });
}
