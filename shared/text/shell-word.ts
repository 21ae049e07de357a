/** Quoting for a POSIX shell (POSIX.1 shell, 2.2.2). */

/** Returns `text` in single quotes. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns `text` as one word of a command line, quoted only if needed. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuote(text);
}
