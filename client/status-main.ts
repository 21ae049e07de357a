/**
 * Entry of `xopc gateway status [--json]`, which people and monitors call all day: what the command does without the
 * parser of command lines, which would be a fifth of its time. With any other option `control.cjs` runs it.
 */
import { processContext } from './client-context.js';
import { CommandIo } from './command-io.js';
import { reportStatus } from './report-status.js';
import { runOnTerminal } from './run-on-terminal.js';
import { openDirectly } from './direct-output.js';

/** @returns the process exit code */
export function main(args: string[]): Promise<number | undefined> {
  return runOnTerminal(() =>
    reportStatus(new CommandIo(processContext(openDirectly), { config: undefined, json: args.includes('--json') })),
  );
}

/** See warm-up.ts. */
export async function warmUp(): Promise<void> {
  const { warmUp: run } = await import('./warm-up.js');
  await run(async (context) => {
    for (const json of [false, true]) await reportStatus(new CommandIo(context, { config: undefined, json }));
  });
}
