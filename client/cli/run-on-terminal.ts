/** Runs a client in the terminal that it was typed into, which may be closed meanwhile. */
import { isatty } from 'node:tty';

const STANDARD_STREAMS = [0, 1, 2] as const;

/**
 * Node restores the terminal at its exit and aborts, with a core dump, where that terminal has been closed. A program
 * whose terminal is gone ends by SIGHUP; ours had a handler for it, to stop in order first.
 */
function endWithClosedTerminal(terminals: readonly number[]): void {
  if (terminals.every((descriptor) => isatty(descriptor))) return;
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

/** @returns the exit code that `run` gives */
export async function runOnTerminal(run: () => Promise<number>): Promise<number> {
  const terminals = STANDARD_STREAMS.filter((descriptor) => isatty(descriptor));
  const exitCode = await run();
  endWithClosedTerminal(terminals);
  return exitCode;
}
