/** Explains why no command accepts a command line. */
import type { Definition } from 'clipanion';
import { shellWord } from '../../shared/text/shell-word.js';
import { closestMatch } from '../../shared/text/closest-match.js';
import type { GatewayError } from '../../shared/errors.js';
import { type CommandPaths, leadingWords, matchPath } from './command-paths.js';
import { usage } from './usage.js';

/** The positional part of a usage line: `xopc config set <key> <value>`. */
function positionals(usageLine: string): string {
  return usageLine.replaceAll(/ \[-[^\]]*\]/g, '');
}

interface ArgumentContext {
  /** Of the command named by the words. */
  readonly definition: Definition | undefined;
  readonly help: string;
}

/** Returns the missing required options by their long names. A definition is like `-c,--channel #0`. */
function missingOptions(given: readonly string[], definition: Definition | undefined): string[] {
  const required = (definition?.options ?? []).filter((option) => option.required);
  const names = required.map((option) => option.definition.split(/[ ,#]/).filter((part) => part.startsWith('-')));
  return names
    .filter((forms) => !forms.some((form) => given.some((word) => word === form || word.startsWith(`${form}=`))))
    .map((forms) => forms.at(-1) ?? '');
}

/** Returns the first argument that a command does not take: clipanion does not name it when the arguments before it are optional. */
function surplusArgument(given: readonly string[], definition: Definition | undefined): string | undefined {
  const [path = '', usageLine = ''] = [definition?.path, definition?.usage];
  const taken = positionals(usageLine).slice(path.length).split(' ').filter(Boolean).length;
  const words = leadingWords(given).slice(path.split(' ').length - 1);
  return words[taken] ?? given.findLast((word) => !word.startsWith('-'));
}

/** Rewords clipanion's message for wrong arguments. */
function argumentError(error: Error, given: readonly string[], { definition, help }: ArgumentContext): GatewayError {
  const unsupported = /Unsupported option name \("([^"]*)"\)/.exec(error.message)?.[1];
  if (unsupported !== undefined) {
    const options = (definition?.options ?? []).flatMap((option) =>
      option.definition.split(/[ ,#]/).filter((part) => part.startsWith('-')),
    );
    const match = closestMatch(unsupported, options);
    return usage(`unknown option '${unsupported}'${match === undefined ? '' : `; did you mean '${match}'?`}`, help);
  }
  const valueless = /Not enough arguments to option ([^.]*)\./.exec(error.message)?.[1];
  if (valueless !== undefined) {
    const next = given[given.indexOf(valueless) + 1];
    return usage(
      `option ${valueless} needs a value`,
      next !== undefined && /^-[^-]/.test(next) ? `Did you mean ${valueless}=${shellWord(next)}?` : help,
    );
  }
  const invalid = /Invalid option name \("([^"]*)"\)/.exec(error.message)?.[1];
  if (invalid !== undefined)
    return usage(`unknown option '${invalid}'`, `If it is an argument, put -- before it: -- ${shellWord(invalid)}`);
  const extra = /Extraneous positional argument \("([^"]*)"\)/.exec(error.message)?.[1];
  if (extra !== undefined) return usage(`unexpected argument '${extra}'`, help);
  if (error.message.startsWith('Not enough positional arguments'))
    return usage('missing argument', `Usage: ${positionals(definition?.usage ?? '')}`);
  const missing = missingOptions(given, definition);
  if (error.message.startsWith('Command not found') && missing.length > 0)
    return usage(`${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} required`, help);
  const surplus = surplusArgument(given, definition);
  if (error.message.startsWith('Command not found') && surplus !== undefined) return usage(`unexpected argument '${surplus}'`, help);
  return usage((error.message.split('\n')[0] ?? '').replace(/\.$/, ''), help);
}

/** Returns, in quotes, the commands that end in `word` (`restart`: 'gateway restart'), or else the one with a similar spelling. */
function commandsNamed(word: string, paths: CommandPaths, known: readonly string[]): string[] {
  const { next } = matchPath(paths, known);
  const match = closestMatch(word, next);
  const below = paths.filter((path) => path.at(-1) === word && known.every((part, index) => part === path[index]));
  const names = below.length > 0 || match === undefined ? below : [[...known, match]];
  return names.map((path) => `'${path.join(' ')}'`);
}

/**
 * @param error  what clipanion threw for `args`.
 * @param tree.paths  of all commands; the first of each entry is its name.
 * @param tree.definitions  of the commands that were tried, by their name.
 * @returns USAGE with a suggestion, if there is a close match
 */
export function explainUsage(
  error: Error,
  args: readonly string[],
  tree: { commands: readonly { readonly paths: CommandPaths }[]; definitions: readonly Definition[] },
): GatewayError {
  const given = leadingWords(args);
  const visible = tree.commands.filter((entry) => !entry.paths[0]?.[0]?.startsWith('@'));
  const paths = visible.flatMap((entry) => entry.paths);
  const { known, next } = matchPath(paths, given);
  const name = known.join(' ');
  const help = `See: ${['xopc', ...known, '--help'].join(' ')}`;
  const unknown = given[known.length];
  const command = visible.find((entry) => entry.paths.some((path) => path.join(' ') === name));
  if (unknown !== undefined && next.length > 0) {
    const meant = commandsNamed(unknown, paths, known);
    if (meant.length > 0) return usage(`unknown command '${[...known, unknown].join(' ')}'; did you mean ${meant.join(' or ')}?`, help);
    if (command === undefined) return usage(`unknown command '${[...known, unknown].join(' ')}'`, help);
  }
  if (command === undefined)
    return usage(name === '' ? `'${args[0] ?? ''}' needs a command before it` : `'xopc ${name}' needs a command: ${next.join(', ')}`, help);
  const firstPath = ['xopc', ...(command.paths[0] ?? [])].join(' ');
  return argumentError(error, args, { definition: tree.definitions.find(({ path }) => path === firstPath), help });
}
