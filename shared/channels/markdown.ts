/** Text of others within Markdown that chats and editors show, and models read. */

/** Returns a text as a code block, with a fence longer than any inside the text. */
export function fenced(text: string): string {
  let longest = 2;
  for (const [ticks] of text.matchAll(/`+/g)) longest = Math.max(longest, ticks.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** Quotes each line, so that no line of a text can end the quotation. */
export function quoteLines(text: string): string {
  return `> ${text.replace(/\r\n?|[\n\u2028\u2029]/g, '\n> ')}`;
}
