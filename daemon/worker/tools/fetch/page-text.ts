/**
 * The text of a fetched page, without markup: a model pays for each character. One pass, because pages may be hostile:
 * html-to-text 10 takes 45 to 125 s for 1 MB of nested tags (htmlparser2 moves its whole element stack at each tag), this 0.05 s.
 */

/** Elements whose content is not text, with their end. `head` is not one of them: its end tag may be omitted. */
const SILENT = new Map(['script', 'style', 'noscript', 'template', 'svg'].map((name) => [name, new RegExp(`</${name}[\\s/>]`)]));
const TITLE = /<title[^<>]{0,200}>([^<]{0,500})/iu;
const BLOCK = /^\/?(p|div|section|article|header|footer|main|nav|ul|ol|li|table|tr|h[1-6]|blockquote|pre|br|hr|dt|dd|form|figure)$/;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  mdash: '—',
  ndash: '–',
};

function decodeEntity(whole: string, name: string): string {
  if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  // Half of a surrogate pair is no character (HTML Standard, "Numeric character reference end state").
  return Number.isInteger(code) && code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code).toWellFormed() : whole;
}

const decodeEntities = (text: string): string => text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, decodeEntity);

const tidy = (text: string): string =>
  text
    .replace(/[ \t\r\f\v]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();

/** Returns the position of the `>` of a tag, or -1. Looks beyond one in the value of an attribute. */
function endOfTag(html: string, open: number): number {
  const end = html.indexOf('>', open);
  if (end === -1 || !/="[^"]*$/.test(html.slice(open, end))) return end;
  return html.indexOf('>', Math.max(end, html.indexOf('"', end)));
}

/** Returns the text, one line per block. */
function bodyOf(html: string): string {
  // ASCII only: other letters may change their length in lower case.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    parts.push(html.slice(at, open === -1 ? html.length : open));
    if (open === -1) break;
    // As in the HTML Standard ("Tag open state"): any other `<` is text.
    if (!/[a-z/!?]/.test(lower.charAt(open + 1))) {
      parts.push('<');
      at = open + 1;
      continue;
    }
    const comment = html.startsWith('<!--', open);
    const close = comment ? html.indexOf('-->', open) : endOfTag(html, open);
    if (close === -1) break;
    const name = /^\/?[a-z][a-z0-9-]{0,30}/.exec(lower.slice(open + 1, open + 34))?.[0] ?? '';
    at = close + (comment ? 3 : 1);
    if (BLOCK.test(name)) parts.push('\n');
    const silentEnd = SILENT.get(name);
    // In XHTML, a tag may close itself.
    if (silentEnd === undefined || /[\s"']\/$/.test(html.slice(open, close))) continue;
    const length = lower.slice(at).search(silentEnd);
    if (length === -1) break;
    at += length;
  }
  return parts.join('');
}

/** Returns the title and the text, one line per block. Takes time in proportion to the length of the page. */
export function htmlToText(html: string): string {
  const [whole = '', title = ''] = TITLE.exec(html) ?? [];
  const body = bodyOf(html.replace(whole, ''));
  return [title, body]
    .map((part) => tidy(decodeEntities(part)))
    .filter((part) => part !== '')
    .join('\n\n');
}

function decode(bytes: Uint8Array, contentType: string): string {
  const start = Buffer.from(bytes.subarray(0, 1_024)).toString('latin1');
  const label =
    /charset=["']?([\w-]{1,40})/i.exec(contentType)?.[1] ?? /<meta[^>]{0,100}charset=["']?([\w-]{1,40})/i.exec(start)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** Returns undefined for a type that is not text. */
export function pageText(page: { readonly bytes: Uint8Array; readonly contentType: string }): string | undefined {
  const type = page.contentType.toLowerCase();
  if (!/^(text\/|application\/([\w.-]+\+)?(json|xml|javascript|x-ndjson|yaml)|$)/.test(type)) return undefined;
  const text = decode(page.bytes, page.contentType);
  return type.startsWith('text/html') || type.startsWith('application/xhtml') ? htmlToText(text) : text;
}
