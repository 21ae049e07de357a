/** The command line as this process: what both of its entries do, each with its commands. */
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import { type CliOptions, runCli } from './cli.js';
import { processContext } from './client-context.js';
import type { CommandEntry } from '../commands/command-entry.js';
import { runOnTerminal } from './run-on-terminal.js';

/** @returns the process exit code */
export function runCommandLine(args: readonly string[], options: Pick<CliOptions, 'commands' | 'help'>): Promise<number> {
  return runOnTerminal(() => runCli(args, { ...options, version: () => readBuildInfo()?.version ?? '0.0.0' }, processContext()));
}

/** Runs what most commands run; see warm-up.ts. */
export async function warmUpCommandLine(commands: readonly CommandEntry[]): Promise<void> {
  const { warmUp } = await import('./warm-up.js');
  await warmUp(async (context) => {
    const options = { commands, version: () => '0.0.0' };
    await runCli(['gateway', 'status'], options, context);
    // Refused, because one answers already.
    await runCli(['gateway'], options, context);
    await runCli(['gateway', 'status', '--json'], options, context);
  });
}
