/**
 * Entry of `xopc gateway status [--json]`, which people and monitors call all day: what the command does without the
 * parser of command lines, which would be a fifth of its time. With any other option `control.cjs` runs it.
 */
import { type ClientContext, processContext } from './cli/client-context.js';
import { CommandIo } from './cli/command-io.js';
import { reportStatus, statusFailureFields } from './gateway/report-status.js';
import { runOnTerminal } from './cli/run-on-terminal.js';
import { openDirectly } from './output/direct-output.js';

function run(context: ClientContext, json: boolean): Promise<number> {
  const io = new CommandIo(context, { config: undefined, json });
  return io.perform(() => reportStatus(io), statusFailureFields);
}

/** @returns the process exit code */
export function main(args: string[]): Promise<number | undefined> {
  return runOnTerminal(() => run(processContext(openDirectly), args.includes('--json')));
}

/** See warm-up.ts. */
export async function warmUp(): Promise<void> {
  const { warmUp: warm } = await import('./cli/warm-up.js');
  await warm(async (context) => {
    for (const json of [false, true]) await run(context, json);
  });
}
