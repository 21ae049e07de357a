/** The command line as this process: what both of its entries do, each with its commands. */
import { isatty } from 'node:tty';
import { readBuildInfo } from '../shared/node/bundle.js';
import { runCli } from './cli.js';
import { processContext } from './client-context.js';
import type { CommandEntry } from './commands/command-entry.js';

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
export async function runCommandLine(args: readonly string[], commands: readonly CommandEntry[]): Promise<number | undefined> {
  const terminals = STANDARD_STREAMS.filter((descriptor) => isatty(descriptor));
  const exitCode = await runCli(args, { commands, version: () => readBuildInfo()?.version ?? '0.0.0' }, processContext());
  endWithClosedTerminal(terminals);
  return exitCode;
}
