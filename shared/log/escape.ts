/**
 * Makes untrusted text safe to show on a terminal: what would move the cursor, change colours, ring, hide or reorder
 * text is shown as an escape instead.
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

/** Text with every control character as `\n`, `\x1b`, `\u202e` and the like: always one line. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** As {@link escapeControls}, but line breaks stay. */
export function escapeControlsKeepLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : escapeOne(character)));
}

/** A JSON document with the characters a terminal would act on as `\uXXXX`: the same value, safe to print. */
export function escapeJsonControls(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${hex(character, 4)}`);
}
