/** The syntax of systemd's unit files (systemd.syntax(7), systemd.service(5), "Command lines"). */

/** Escapes text in a unit: `%` starts a specifier, and a line break ends the value. */
function escapeText(value: string): string {
  return value.replaceAll('%', '%%');
}

/** Quotes a word. Only these two escapes work everywhere: path lists do not support `\\t`, so a tab is kept. */
export function quoteWord(value: string): string {
  return `"${escapeText(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Returns a path or word, quoted only if needed. */
export function word(value: string): string {
  return /^[A-Za-z0-9_@:,./=+-]+$/.test(value) ? value : quoteWord(value);
}

/** Quotes an argument in ExecStart=, where `$` is expanded as well. */
export function commandWord(value: string): string {
  return word(value).replaceAll('$', '$$$$');
}

/** Reads a variable from a unit's Environment= lines: as {@link quoteWord} writes it, or a plain word. */
export function unitVariable(text: string, name: string): string | undefined {
  const quoted = new RegExp(`^Environment=.*"${name}=((?:[^"\\\\]|\\\\.)*)"`, 'm').exec(text)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%');
  return new RegExp(`^Environment=.*\\b${name}=([^"\\s]+)`, 'm').exec(text)?.[1];
}

export type UnitEntry = readonly [key: string, value: string | number];

/** Formats one section: `[name]` and its entries; a string is a comment line. */
export interface UnitSection {
  readonly name: string;
  readonly entries: readonly (UnitEntry | string)[];
}

function sectionText({ name, entries }: UnitSection): string {
  const lines = entries.map((entry) => (typeof entry === 'string' ? `# ${entry}` : `${entry[0]}=${entry[1]}`));
  return [`[${name}]`, ...lines].join('\n');
}

/** Formats a unit file: comment lines, a blank line, the sections. */
export function unitText(comments: readonly string[], sections: readonly UnitSection[]): string {
  return [comments.map((line) => `# ${line}`).join('\n'), ...sections.map(sectionText)].join('\n\n') + '\n';
}
