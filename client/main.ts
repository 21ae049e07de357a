/** Entry of the command line. */
import { readBuildInfo } from '../shared/node/bundle.js';
import { runCli } from './cli.js';
import { processContext } from './client-context.js';
import { COMMANDS } from './commands/registry.js';

/** @returns the process exit code */
export async function main(args: string[]): Promise<number | undefined> {
  return runCli(args, { commands: COMMANDS, version: () => readBuildInfo()?.version ?? '0.0.0' }, processContext());
}

/** See warm-up.ts. */
export async function warmUp(): Promise<void> {
  const { warmUp: run } = await import('./warm-up.js');
  await run();
}
