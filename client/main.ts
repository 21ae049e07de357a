/** Entry of the command line: runs the most frequent commands without loading anything else. */
import { loadBundle } from '../shared/node/build/bundle.js';
import { wantsHelp } from './cli/cli.js';
import { commandWords } from './cli/command-paths.js';
import { runInProcess } from './cli/process.js';
import { DAILY_COMMANDS, VERSION_COMMAND } from './commands/daily.js';

const COMMANDS = [...DAILY_COMMANDS, VERSION_COMMAND];

/** Whether the words are exactly those of a daily command, none of which takes an argument. */
function isDaily(args: readonly string[]): boolean {
  const words = commandWords(args).join(' ');
  return !wantsHelp(args) && COMMANDS.some(({ paths }) => paths.some((path) => path.join(' ') === words));
}

/** @returns the process exit code */
export function main(args: string[]): Promise<number> {
  return isDaily(args) ? runInProcess(args, COMMANDS) : loadBundle<{ main: typeof main }>('tools').main(args);
}

/** See warm-up.ts. */
export async function warmUp(): Promise<void> {
  const { warmUp: warm } = await import('./cli/warm-up.js');
  await warm(COMMANDS);
}
