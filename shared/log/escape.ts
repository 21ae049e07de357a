/**
 * Makes untrusted text safe for a terminal, and for people who read it: characters that move the cursor, change colours, ring, hide or reorder
 * text become escape sequences.
 */

/**
 * Controls, line and paragraph separators, halves of characters, and what Unicode calls ignorable, because it is shown as nothing. Joiners and
 * variation selectors are parts of letters and emoji.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\ufff9-\ufffb]|(?![\p{Join_C}\p{VS}])\p{DI}/gu;

/** Where joiners and variation selectors do what they are for: in emoji (❤️, 1️⃣, 👩‍💻), and in Arabic, Indic and the scripts between them (می‌خواهم). */
const IN_USE =
  /(?<=\p{ExtPict})\ufe0f|(?<=[0-9#*])\ufe0f\u20e3|(?<=\p{ExtPict}\ufe0f|[\p{ExtPict}\p{EMod}])\u200d\p{ExtPict}|(?<=(?!\p{DI})[\u0600-\u0dff])\p{Join_C}(?!\p{DI})[\u0600-\u0dff]/u;
/** As {@link UNSAFE}, without line breaks and tabs, and with the joiners and variation selectors that are out of place. */
const HIDDEN = new RegExp(`[^\\P{Cc}\\n\\t]|[\\p{Cs}\\u2028\\u2029\\ufff9-\\ufffb]|(?!${IN_USE.source})\\p{DI}`, 'gu');

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const hex = (unit: number, digits: number): string => unit.toString(16).padStart(digits, '0');

/** Returns `\uXXXX` for each UTF-16 unit. */
const escapeUnits = (character: string): string =>
  Array.from({ length: character.length }, (_unit, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join('');

const escapeOne = (character: string): string =>
  NAMED[character] ?? (character < '\u0100' ? `\\x${hex(character.charCodeAt(0), 2)}` : escapeUnits(character));

/** Returns a text with control characters escaped as `\n`, `\x1b` or `\u202e`: always one line. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** As {@link escapeControls}, but line breaks stay. */
export function escapeControlsKeepLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : escapeOne(character)));
}

/** Escapes characters that a terminal interprets as `\uXXXX`: the same JSON value, safe to print. */
export function escapeJsonControls(json: string): string {
  return json.replace(UNSAFE, escapeUnits);
}

/**
 * Escapes a text that a person decides about: characters that would be invisible or look like something else become `\uXXXX`. Line
 * breaks, tabs and the value of a JSON text are preserved.
 */
export function escapeHidden(text: string): string {
  return text.replace(HIDDEN, escapeUnits);
}
