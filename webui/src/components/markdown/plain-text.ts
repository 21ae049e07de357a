/** Titles and other short untrusted texts, shown beside text of the page. */

/** Characters that change the direction of the text after them: `gnp.exe` reads as `exe.png`. Source: Unicode UAX #9, section 2. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;

/** Returns the text without characters that change the direction of the text beside it. */
export function plainText(text: string): string {
  return text.replace(TURNS, '');
}

/** Marks of Markdown and what remains of them, in the order in which they are removed. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/^\s*(?:`{3,}|~{3,})[\w-]*\s*/gm, ''],
  [/^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+/gm, ''],
  [/!?\[([^\]]*)\]\([^)]*\)/g, '$1'],
  [/(`+)([^`]+)\1/g, '$2'],
  [/(\*\*|__|~~)(?=\S)(.+?)\1/g, '$2'],
  [/(^|[\s(])[*_](?=\S)([^*_]+?)[*_](?=$|[\s.,;:!?)])/g, '$1$2'],
];

/** Returns a title, or the beginning of a message, without the marks of Markdown. A text of marks alone stays as it is. */
export function titleText(title: string): string {
  const words = MARKS.reduce((text, [mark, rest]) => text.replace(mark, rest), plainText(title)).trim();
  return words === '' ? plainText(title) : words;
}
