/** Only this much of a text is examined; most of it may be white space. */
const READ_FACTOR = 10;

/** Returns a text on one line of at most `maxLength` characters, with a `…` if it was cut. Control characters become spaces. */
export function oneLine(text: string, maxLength: number): string {
  const line = text
    .slice(0, maxLength * READ_FACTOR)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).replace(/\p{Surrogate}$/u, '')}…`;
}
