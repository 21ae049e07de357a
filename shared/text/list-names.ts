const MAX_LISTED = 20;

/** Returns names for a message: the first twenty, and how many more there are. */
export function listNames(names: Iterable<string>): string {
  const all = [...names];
  const more = all.length > MAX_LISTED ? ` and ${all.length - MAX_LISTED} more` : '';
  return all.slice(0, MAX_LISTED).join(', ') + more;
}
