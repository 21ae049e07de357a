/** Only this much of a text is examined; most of it may be white space. */
const READ_FACTOR = 10;

/** Returns at most `maxLength` characters, of which `end` is the last part if the text was cut. Half a surrogate pair is dropped. */
export function cutText(text: string, maxLength: number, end = '…'): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - end.length).replace(/\p{Surrogate}$/u, '')}${end}`;
}

/** Returns a text on one line of at most `maxLength` characters, with a `…` if it was cut. Control characters become spaces. */
export function oneLine(text: string, maxLength: number): string {
  const line = text
    .slice(0, maxLength * READ_FACTOR)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return cutText(line, maxLength);
}
