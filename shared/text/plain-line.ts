/** Marks at the beginning of a line: headings, lists, quotations and fences. */
const LINE_MARKS = /^[^\S\n]*(?:#{1,6}|[-*+>]|\d{1,9}[.)]|(?:```|~~~)[^\s`]*)(?=\s|$)/gm;
/** Emphasis and code. An underscore or a tilde inside a word is part of it. */
const INLINE_MARKS = /\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)|~~|`+/g;
/** A link or an image: its text is kept. */
const LINKS = /!?\[([^[\]\n]*)\]\([^()\s]*(?:\s"[^"\n]*")?\)/g;
const MARKS = /[*_`#>[\]~+-]|\d[.)]/;
/** Matches any white space other than single spaces between words. */
const UNEVEN = /[^\S ]|\p{Cc}| {2}/u;

/** Returns a text that may be in Markdown as one line without Markdown's marks. Control characters become spaces. */
export function plainLine(text: string): string {
  const plain = MARKS.test(text) ? text.replace(LINKS, '$1').replace(LINE_MARKS, '').replace(INLINE_MARKS, '') : text;
  return (UNEVEN.test(plain) ? plain.replace(/[\s\p{Cc}]+/gu, ' ') : plain).trim();
}
