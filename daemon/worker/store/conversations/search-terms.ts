/** The common parts of all engines' searches: an index of every three characters. */

/** The length of an index's terms: shorter texts cannot be looked up. */
const TRIGRAM_LENGTH = 3;

/** Limits a search for a text that is in nearly every message or too short for the index: only the newest matches are used. */
export const MAX_MATCHES = 50_000;

/** Characters before and after a match: enough for a line of it without its marks. */
export const MARGIN = 500;

/** Returns a pattern for texts that contain `needle`. */
export const containing = (needle: string): string => `%${needle.replace(/[\\%_]/g, String.raw`\$&`)}%`;

export const hasTerms = (needle: string): boolean => Array.from(needle).length >= TRIGRAM_LENGTH;
