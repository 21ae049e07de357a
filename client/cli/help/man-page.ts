/** Generates the manual page xopc(1) from the same commands and topics as the help. Formatted with the macros of man(7). */
import { describe, optionName, plain, usageLine } from './help-text.js';
import { ENVIRONMENT_NOTE, HELP_ENVIRONMENT, HELP_EXIT_CODES, HELP_FILES } from './help-topics.js';
import type { CommandEntry } from '../client-context.js';

/** Escapes text for roff; a line that begins with a control character is kept as text. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('’', "'").replaceAll('…', '...').replaceAll('→', '->');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

const bold = (text: string): string => `\\fB${roff(text)}\\fR`;
const entry = (name: string, text: string): string[] => ['.TP', bold(name), roff(plain(text))];
const table = (rows: Readonly<Record<string, string>>): string[] => Object.entries(rows).flatMap(([name, text]) => entry(name, text));

function commandLines(definition: Awaited<ReturnType<typeof describe>>[number]): string[] {
  const { path, description = '', options, details = '', examples = [], aliases } = definition;
  const paragraphs = details.trim() === '' ? [] : details.trim().split('\n\n');
  return [
    `.SS ${roff(path)}`,
    roff(plain(description)),
    ...aliases.flatMap((alias) => ['.br', `Also: ${bold(`xopc ${alias}`)}`]),
    '.PP',
    bold(usageLine(definition)),
    ...paragraphs.flatMap((paragraph) => ['.PP', roff(plain(paragraph).replaceAll(/\s+/g, ' '))]),
    ...options.flatMap((option) => entry(optionName(option), option.description ?? '')),
    ...examples.flatMap(([what, example]) => ['.PP', `${roff(plain(what))}:`, '.PP', '.RS 4', '.nf', roff(example), '.fi', '.RE']),
  ];
}

/** @returns the page's source, with a line break at its end */
export async function manPage(commands: readonly CommandEntry[], version: string): Promise<string> {
  const definitions = await describe(commands);
  const lines = [
    `.TH XOPC 1 "" "xopc ${roff(version)}" "User Commands"`,
    '.SH NAME',
    'xopc \\- self\\-hosted gateway between programs, chats, schedules and agents',
    '.SH SYNOPSIS',
    '.B xopc',
    '.I command',
    '.RI [ options ]',
    '.SH COMMANDS',
    ...definitions.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...table(HELP_EXIT_CODES),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT_NOTE.map(roff),
    ...table(HELP_ENVIRONMENT),
    '.SH FILES',
    roff('Under ~/.xopc, or under XOPC_HOME. "xopc paths" prints them for this user.'),
    ...table(HELP_FILES),
  ];
  return `${lines.join('\n')}\n`;
}
