/** Looks up commands by the words of a command line. */
import type { CommandClass } from 'clipanion';
import type { ClientContext, CommandEntry } from './client-context.js';

export type CommandPaths = CommandEntry['paths'];

/** An entry of the registry. @param paths  the words that lead to the command; the first is its name */
export function command(paths: readonly string[], load: () => Promise<CommandClass<ClientContext>>): CommandEntry {
  const split = paths.map((path) => path.split(' '));
  return { paths: split, load: async () => Object.assign(await load(), { paths: split }) };
}

/** The words before the first option. */
export function leadingWords(args: readonly string[]): readonly string[] {
  const end = args.findIndex((argument) => argument.startsWith('-'));
  return end === -1 ? args : args.slice(0, end);
}

/** The words before the first option; an option that comes first counts as a word, as in `--version`. */
export function commandWords(args: readonly string[]): readonly string[] {
  return [...args.slice(0, 1), ...leadingWords(args.slice(1))];
}

/** Returns the entry with the longest path that `words` begin with. */
export function findEntry(commands: readonly CommandEntry[], words: readonly string[]): CommandEntry | undefined {
  const depthOf = (entry: CommandEntry): number =>
    Math.max(-1, ...entry.paths.filter((path) => path.every((word, index) => word === words[index])).map((path) => path.length));
  return commands.filter((entry) => depthOf(entry) >= 0).toSorted((left, right) => depthOf(right) - depthOf(left))[0];
}

/** Returns the longest start of a command path that `given` begins with, and the words that may follow it. */
export function matchPath(paths: CommandPaths, given: readonly string[]): { known: readonly string[]; next: readonly string[] } {
  const isBegun = (path: readonly string[], depth: number): boolean =>
    path.length >= depth && path.slice(0, depth).every((word, index) => word === given[index]);
  let depth = 0;
  while (depth < given.length && paths.some((path) => isBegun(path, depth + 1))) depth += 1;
  const next = paths.filter((path) => path.length > depth && isBegun(path, depth)).map((path) => path[depth] ?? '');
  return { known: given.slice(0, depth), next: [...new Set(next)] };
}
