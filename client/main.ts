/** Entry of the command line. */
import { isatty } from 'node:tty';
import { readBuildInfo } from '../shared/node/bundle.js';
import { runCli } from './cli.js';
import { processContext } from './client-context.js';
import { COMMANDS } from './commands/registry.js';

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

/** @returns the process exit code */
export async function main(args: string[]): Promise<number | undefined> {
  const terminals = STANDARD_STREAMS.filter((descriptor) => isatty(descriptor));
  const exitCode = await runCli(args, { commands: COMMANDS, version: () => readBuildInfo()?.version ?? '0.0.0' }, processContext());
  endWithClosedTerminal(terminals);
  return exitCode;
}

/** See warm-up.ts. */
export async function warmUp(): Promise<void> {
  const { warmUp: run } = await import('./warm-up.js');
  await run();
}
