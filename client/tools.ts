/** Entry of the bundle with all commands, and with the parts that the daily commands load on demand. */
import { runInProcess } from './cli/process.js';
import { COMMANDS } from './commands/registry.js';

export * from './late-parts.js';

/** @returns the process exit code */
export function main(args: readonly string[]): Promise<number> {
  return runInProcess(args, COMMANDS);
}
