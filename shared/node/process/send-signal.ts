/** Sends signals to processes that may have exited. */

/**
 * Sends a signal to a process, or to a process group given as a negative number; does nothing when it has exited or belongs to
 * another user.
 */
export function sendSignal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    // ESRCH: already exited; EPERM: another user's process, which the caller sees still running.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Kills a living process and its group; the leader's pid identifies both. */
export function killGroup(pid: number): void {
  sendSignal(-pid, 'SIGKILL');
  sendSignal(pid, 'SIGKILL');
}
