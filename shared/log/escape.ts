/**
 * Makes untrusted text safe for a terminal: characters that move the cursor, change colours, ring, hide or reorder
 * text become escape sequences.
 */

// C0, DEL and C1 controls, line and paragraph separators, bidirectional controls, invisible fillers, lone surrogates.
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}

function escapeOne(character: string): string {
  return NAMED[character] ?? (character.charCodeAt(0) < 0x100 ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`);
}

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
  return json.replace(UNSAFE, (character) => `\\u${hex(character, 4)}`);
}
