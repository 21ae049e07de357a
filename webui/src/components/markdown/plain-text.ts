/** Titles and other short untrusted texts, shown beside text of the page. */

/** Characters that change the direction of the text after them: `gnp.exe` reads as `exe.png`. Source: Unicode UAX #9, section 2. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;

/** Returns the text without characters that change the direction of the text beside it. */
export function plainText(text: string): string {
  return text.replace(TURNS, '');
}
