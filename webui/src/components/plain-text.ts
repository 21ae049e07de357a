/** Titles and other short texts of strangers, as they are shown beside words of the page. */

/** Characters that turn the direction of what follows them: they make `exe.png` of `gnp.exe`. Source: Unicode UAX #9, section 2. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;

/** @returns the text without what would turn around the text beside it */
export function plainText(text: string): string {
  return text.replace(TURNS, '');
}
