/** Quoting for a POSIX shell (POSIX.1 shell, 2.2.2). */

/** Returns `text` in single quotes. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns `text` as one word of a command line, quoted only if needed. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuote(text);
}

/**
 * Template tag for a command shown to people: each value becomes one shell word. Others may choose a session key or a name, and
 * people paste the shown command.
 */
export function shellCommand(texts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return texts.map((text, index) => (index === 0 ? text : shellWord(String(values[index - 1])) + text)).join('');
}
