/** Merges headers: names in lower case, because `fetch` sends the values of two spellings of a name together. Later ones take precedence. */
export function mergeHeaders(...all: readonly (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const pairs = all.flatMap((headers = {}) => Object.entries(headers));
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}
