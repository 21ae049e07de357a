/** Entry of the whole command line. */
import { runCommandLine } from './command-line.js';
import { COMMANDS } from './commands/registry.js';

/** @returns the process exit code */
export function main(args: string[]): Promise<number | undefined> {
  return runCommandLine(args, COMMANDS);
}

/** See warm-up.ts. */
export async function warmUp(): Promise<void> {
  const { warmUp: run } = await import('./warm-up.js');
  await run(COMMANDS);
}
