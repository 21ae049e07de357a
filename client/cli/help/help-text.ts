/** Renders the output of `--help` and `xopc help`: the table of commands, a command with its options, and the topics. */
import { Cli, type CommandClass, type Definition } from 'clipanion';
import type { ClientContext, CommandEntry } from '../client-context.js';
import { commandName, type Invocation, withCommandName } from '../command-name.js';
import { findEntry } from '../command-paths.js';
import { HELP_TOPICS } from './help-topics.js';
import type { Paint } from '../../output/output.js';
import { shellCommand } from '../../../shared/text/shell-word.js';

const WIDTH = 80;
/** Wide enough for the longest command and most options; a longer one has its text below it. */
const NAME_WIDTH = 29;
const INDENT = '  ';
const HANGING = ' '.repeat(NAME_WIDTH + INDENT.length);

/** Names of option values; the value of any other option is named after the option. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
  config: 'FILE',
  host: 'ADDRESS',
  lines: 'N',
  limit: 'N',
  count: 'N',
  retries: 'N',
  'notify-after': 'N',
  search: 'TEXT',
  grep: 'TEXT',
  regex: 'PATTERN',
  message: 'TEXT',
  since: 'TIME',
  until: 'TIME',
  grace: 'TIME',
  chat: 'ID',
};
const COMMON: ReadonlySet<string> = new Set(['--config', '--json']);

interface HelpRequest {
  readonly commands: readonly CommandEntry[];
  readonly version: string;
  readonly paint: Paint;
  /** How the program was called; in the list, `xopc` is the name of each command. */
  readonly invocation: Invocation;
}

/** Breaks text into lines of at most `width` characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Formats a name and its description, side by side if the name leaves room. */
function row(name: string, text: string, paint: (name: string) => string = String): string[] {
  const lines = wrap(text, WIDTH - NAME_WIDTH - INDENT.length);
  if (name.length > NAME_WIDTH - 2) return [INDENT + paint(name), ...lines.map((line) => HANGING + line)];
  return lines.map((line, index) => (index === 0 ? INDENT + paint(name) + ' '.repeat(NAME_WIDTH - name.length) : HANGING) + line);
}

export function plain(markdown: string): string {
  return markdown.replaceAll('`', '').trim();
}

/** `-p,--port #0` → `-p, --port PORT`. */
export function optionName({ definition, description = '' }: { definition: string; description?: string }): string {
  const [names = '', value] = definition.split(' ');
  const forms = names.split(',');
  const long = (forms.at(-1) ?? '').replace(/^-+/, '');
  if (value === undefined) return forms.join(', ');
  const isMilliseconds = long === 'timeout' && description.includes('milliseconds');
  const valueName = VALUE_NAMES[long] ?? (isMilliseconds ? 'MS' : long === 'timeout' ? 'TIME' : long.toUpperCase());
  return `${forms.join(', ')} ${valueName}`;
}

interface Described extends Definition {
  /** Aliases; the implicit `list` is handled separately. */
  readonly aliases: readonly string[];
}

const joined = (path: readonly string[]): string => path.join(' ');

/** Returns the definitions of the commands that have help. */
export async function describe(entries: readonly CommandEntry[]): Promise<Described[]> {
  const classes: CommandClass<ClientContext>[] = await Promise.all(entries.map((entry) => entry.load()));
  const definitions = Cli.from(classes, { binaryName: 'xopc' }).definitions();
  return definitions.map((definition) => {
    const paths = entries.find((entry) => `xopc ${joined(entry.paths[0] ?? [])}` === definition.path)?.paths ?? [];
    return {
      ...definition,
      aliases: paths
        .slice(1)
        .filter((path) => path.at(-1) !== 'list')
        .map(joined),
    };
  });
}

export function usageLine(definition: Definition): string {
  const required = definition.options.filter(({ required: isRequired }) => isRequired).map((option) => optionName(option));
  const rest = definition.usage
    .replace(definition.path, '')
    .trim()
    .split(' ')
    .map((word) => (word === '...' ? '[text]' : word));
  return [definition.path, ...required, '[options]', ...rest].filter(Boolean).join(' ');
}

function optionRows(options: Definition['options'], paint: Paint): string[] {
  return options.flatMap((option) => row(optionName(option), plain(option.description ?? ''), paint.cyan));
}

function describeCommand(definition: Described, { paint, invocation }: HelpRequest): string[] {
  const own = definition.options.filter(({ definition: form }) => !COMMON.has(form.split(' ')[0] ?? ''));
  const common = definition.options.filter((option) => !own.includes(option));
  const lines = [
    ...wrap(plain(definition.description ?? ''), WIDTH),
    '',
    `${paint.bold('Usage')}: ${withCommandName(usageLine(definition), invocation)}`,
  ];
  if (definition.aliases.length > 0)
    lines.push(...wrap(withCommandName(`Also: ${definition.aliases.map((alias) => `xopc ${alias}`).join(', ')}`, invocation), WIDTH));
  lines.push('', paint.bold('Options'), ...optionRows(own, paint), ...optionRows(common, paint));
  lines.push(...row('-h, --help', 'Print this.', paint.cyan));
  const details = (definition.details ?? '').trim();
  for (const paragraph of details === '' ? [] : details.split('\n\n')) lines.push('', ...wrap(plain(paragraph), WIDTH));
  if ((definition.examples ?? []).length > 0) lines.push('', paint.bold('Examples'));
  for (const [what, example] of definition.examples ?? [])
    lines.push(`${INDENT}# ${what.trim()}`, `${INDENT}${withCommandName(example, invocation)}`);
  return lines;
}

/** @returns the commands by category, in the order of the registry */
function listCommands(definitions: readonly Described[], paint: Paint): string[] {
  const categories = [...new Set(definitions.map(({ category = '' }) => category.trim()))];
  return categories.flatMap((category) => [
    '',
    paint.bold(category),
    ...definitions
      .filter((definition) => definition.category?.trim() === category)
      .flatMap(({ path, description = '', aliases }) => [
        ...row(path, plain(description), paint.cyan),
        ...aliases.map((alias) => `${HANGING}also: xopc ${alias}`),
      ]),
  ]);
}

function isPrefix(words: readonly string[], path: readonly string[]): boolean {
  return words.length < path.length && words.every((word, index) => word === path[index]);
}

/** The text above and below the list of all commands. */
function frame(list: readonly string[], { version, paint, invocation }: HelpRequest): string[] {
  const called = commandName(invocation);
  return [
    `xopc ${version}, a self-hosted gateway between programs, chats, schedules and agents`,
    '',
    `${paint.bold('Usage')}: ${called} <command> [options]`,
    ...list,
    '',
    paint.bold('Topics'),
    ...Object.entries(HELP_TOPICS).flatMap(([name, { title }]) => row(shellCommand`xopc help ${name}`, title, paint.cyan)),
    '',
    `\`${called} help COMMAND\` or \`${called} COMMAND --help\` explains one with its options.`,
  ];
}

/**
 * Returns the help for a command, for a group of commands, for a topic or, without words, for all commands.
 * @returns undefined if the words match nothing
 */
export async function helpText(words: readonly string[], request: HelpRequest): Promise<string | undefined> {
  const { paint } = request;
  const commands = request.commands.filter((entry) => !entry.paths[0]?.[0]?.startsWith('@'));
  const isGroup = commands.some((entry) => entry.paths.some((path) => isPrefix(words, path)));
  // Words after a command are its arguments; after a group they name a command that does not exist.
  const exact = isGroup ? commands.find((entry) => entry.paths.some((path) => joined(path) === joined(words))) : findEntry(commands, words);
  const below = commands.filter((entry) => entry !== exact && entry.paths.some((path) => isPrefix(words, path)));
  const topic = Object.hasOwn(HELP_TOPICS, joined(words)) ? HELP_TOPICS[joined(words)] : undefined;
  if (exact === undefined && below.length === 0) return topic === undefined ? undefined : `${topic.text.join('\n')}\n`;
  const lines: string[] = [];
  for (const definition of exact === undefined ? [] : await describe([exact])) lines.push(...describeCommand(definition, request));
  const list = below.length === 0 ? [] : listCommands(await describe(below), paint);
  lines.push(...(words.length === 0 ? frame(list, request) : lines.length === 0 ? list.slice(1) : list));
  return `${lines.join('\n')}\n`;
}
