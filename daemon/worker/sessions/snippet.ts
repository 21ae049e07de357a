/** Cuts the part of a text that shows why a search found it. */
import type { SessionMatch } from '../../../shared/api/sessions.js';
import { cutText } from '../../../shared/text/one-line.js';
import { plainLine } from '../../../shared/text/plain-line.js';

const MAX_LENGTH = 200;
/** How much of the text before the match is shown. */
const LEAD = 60;

/** Finds the search text as the index does: in any case, with any white space between its words. */
function patternOf(needle: string): RegExp {
  const words = needle.trim().split(/\s+/);
  return new RegExp(words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join(String.raw`\s+`), 'giu');
}

/** Returns where the snippet begins: after a space, if there is one shortly before the match. */
function startOf(line: string, matchAt: number): number {
  if (matchAt <= LEAD) return 0;
  const from = matchAt - LEAD;
  const space = line.indexOf(' ', from);
  if (space >= 0 && space < matchAt) return space + 1;
  return /^\p{Surrogate}/u.test(line.slice(from)) ? from + 1 : from;
}

/** Returns the first `length` characters, up to a space if one follows the match. @param keep  the end of the match */
function cutAt(text: string, length: number, keep: number): string {
  if (text.length <= length) return text;
  const cut = cutText(text, length - 1, '');
  const space = cut.lastIndexOf(' ');
  return `${(space > keep ? cut.slice(0, space) : cut).trimEnd()}…`;
}

/**
 * Returns up to 200 characters around the first match, as one line of plain text, and where the search text is in it. Markdown's
 * marks are removed, unless the search text contains some.
 */
export function snippetOf(text: string, needle: string): Pick<SessionMatch, 'snippet' | 'highlights'> {
  const pattern = patternOf(needle);
  const plain = plainLine(text);
  const line = plain.search(pattern) >= 0 ? plain : text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const at = line.search(pattern);
  const start = at < 0 ? 0 : startOf(line, at);
  const lead = start === 0 ? '' : '…';
  const [found = ''] = line.slice(start).match(pattern) ?? [];
  const snippet = lead + cutAt(line.slice(start), MAX_LENGTH - lead.length, Math.max(0, at - start) + found.length);
  const highlights = [...snippet.matchAll(pattern)].map(({ index, 0: { length } }) => ({ start: index, end: index + length }));
  return { snippet, highlights };
}
