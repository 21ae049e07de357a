/** Entry of the commands that are called all day (commands/control-registry.ts). */
import { runCommandLine, warmUpCommandLine } from './cli/command-line.js';
import { CONTROL_COMMANDS } from './commands/control-registry.js';

/** @returns the process exit code */
export function main(args: string[]): Promise<number | undefined> {
  return runCommandLine(args, { commands: CONTROL_COMMANDS });
}

/** See warm-up.ts. */
export function warmUp(): Promise<void> {
  return warmUpCommandLine(CONTROL_COMMANDS);
}
