/** How a command is found before it is loaded. */
import type { CommandClass } from 'clipanion';
import type { ClientContext } from '../cli/client-context.js';

export interface CommandEntry {
  /** The words that lead to it; the first path is its name. */
  readonly paths: readonly (readonly string[])[];
  load(): Promise<CommandClass<ClientContext>>;
}

/** The entry whose path is the longest that the words begin with. */
export function findEntry(commands: readonly CommandEntry[], words: readonly string[]): CommandEntry | undefined {
  const depthOf = (entry: CommandEntry): number =>
    Math.max(-1, ...entry.paths.filter((path) => path.every((word, index) => word === words[index])).map((path) => path.length));
  return commands.filter((entry) => depthOf(entry) >= 0).toSorted((left, right) => depthOf(right) - depthOf(left))[0];
}
