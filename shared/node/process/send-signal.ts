/** Signals to processes that may be gone by now. */

/** Sends a signal to a process, or to a process group as a negative number; does nothing when that is gone or another user's. */
export function sendSignal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    // ESRCH: already exited; EPERM: another user's, and the caller sees that it still runs.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
