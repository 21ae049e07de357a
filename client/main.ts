/** Entry of the whole command line. */
import { runCommandLine, warmUpCommandLine } from './cli/command-line.js';
import { COMMANDS } from './commands/registry.js';
import { helpText } from './cli/help-text.js';

/** @returns the process exit code */
export function main(args: string[]): Promise<number | undefined> {
  return runCommandLine(args, { commands: COMMANDS, help: helpText });
}

/** See warm-up.ts. */
export function warmUp(): Promise<void> {
  return warmUpCommandLine(COMMANDS);
}
