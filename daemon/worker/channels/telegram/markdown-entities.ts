/**
 * Markdown as Telegram shows it: plain text with entities beside it (https://core.telegram.org/bots/api#messageentity).
 * Unlike a text with markup, that can never be refused for its syntax: what is no markup stays as it is.
 */

export interface TextEntity {
  readonly type: 'bold' | 'italic' | 'strikethrough' | 'code' | 'pre' | 'text_link' | 'blockquote';
  /** In UTF-16 units. */
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
}

export interface RenderedText {
  readonly text: string;
  readonly entities: readonly TextEntity[];
}

/** Models write them inside of lists too. */
const FENCE = /^( {0,12})(`{3,}|~{3,})([^`]*)$/;
const WORD = /[\p{L}\p{N}_]/u;
const ESCAPABLE = /[\\`*_{}[\]()#+\-.!~>|]/;
const LINK = /^\[([^\]\n]{1,512})\]\(<?((?:https?|tg|mailto):(?:[^\s()>]|\([^\s()>]{0,256}\)){1,2048})>?\)/;
/** How many places are looked at for one that closes an emphasis. */
const MAX_CANDIDATES = 32;
const MAX_LINK = 2_600;
/** Deeper than anybody writes; what is beyond stays as it is. */
const MAX_DEPTH = 6;

const EMPHASIS: readonly { readonly marker: string; readonly type: TextEntity['type'] }[] = [
  { marker: '**', type: 'bold' },
  { marker: '__', type: 'bold' },
  { marker: '~~', type: 'strikethrough' },
  { marker: '*', type: 'italic' },
  { marker: '_', type: 'italic' },
];

class Renderer {
  text = '';
  readonly entities: TextEntity[] = [];

  /** Adds what `write` writes as an entity. */
  mark(entity: Omit<TextEntity, 'offset' | 'length'>, write: () => void): void {
    const offset = this.text.length;
    const at = this.entities.length;
    write();
    const length = this.text.length - offset;
    if (length > 0) this.entities.splice(at, 0, { ...entity, offset, length });
  }

  inline(source: string, depth = 0): void {
    let at = 0;
    while (at < source.length) at += this.#token(source, at, depth);
  }

  /** Writes what begins at a place. @returns how much of the source that was */
  #token(source: string, at: number, depth: number): number {
    const char = source.charAt(at);
    if (char === '\\' && ESCAPABLE.test(source.charAt(at + 1))) return this.#plain(source.charAt(at + 1), 2);
    if (char === '`') return this.#code(source, at);
    if (char === '[' && depth < MAX_DEPTH) return this.#link(source, at, depth);
    if (char === '!' && depth < MAX_DEPTH) return this.#image(source, at, depth);
    if (depth < MAX_DEPTH) {
      for (const { marker, type } of EMPHASIS) {
        const end = source.startsWith(marker, at) ? closing(source, at, marker) : -1;
        if (end < 0) continue;
        this.mark({ type }, () => this.inline(source.slice(at + marker.length, end), depth + 1));
        return end + marker.length - at;
      }
    }
    return this.#plain(char, 1);
  }

  #plain(text: string, length: number): number {
    this.text += text;
    return length;
  }

  #code(source: string, at: number): number {
    const [ticks = ''] = /^`+/.exec(source.slice(at)) ?? [];
    const end = source.indexOf(ticks, at + ticks.length);
    const content = end < 0 ? '' : source.slice(at + ticks.length, end);
    if (content.trim() === '') return this.#plain(ticks, ticks.length);
    this.mark({ type: 'code' }, () => this.#plain(ticks.length > 1 ? content.trim() : content, 0));
    return end + ticks.length - at;
  }

  /** A picture is shown as a link to it. */
  #image(source: string, at: number, depth: number): number {
    const isImage = source.charAt(at + 1) === '[' && LINK.test(source.slice(at + 1, at + MAX_LINK));
    return isImage ? 1 + this.#link(source, at + 1, depth) : this.#plain('!', 1);
  }

  #link(source: string, at: number, depth: number): number {
    const [whole, label = '', url = ''] = LINK.exec(source.slice(at, at + MAX_LINK)) ?? [];
    if (whole === undefined) return this.#plain('[', 1);
    this.mark({ type: 'text_link', url }, () => this.inline(label, depth + 1));
    return whole.length;
  }
}

/** @returns where the emphasis that opens at a place is closed; -1 when nothing is opened or closed there */
function closing(source: string, at: number, marker: string): number {
  const start = at + marker.length;
  const isWordMarker = marker.startsWith('_');
  if (/^\s?$/.test(source.charAt(start)) || source.charAt(start) === marker.charAt(0)) return -1;
  if (isWordMarker && WORD.test(source.charAt(at - 1))) return -1;
  let end = source.indexOf(marker, start);
  for (let looked = 0; end > 0 && looked < MAX_CANDIDATES; looked += 1, end = source.indexOf(marker, end + 1)) {
    const before = source.charAt(end - 1);
    const after = source.charAt(end + marker.length);
    const isPartOfLonger = marker.length === 1 && (after === marker || before === marker);
    if (/\s/.test(before) || before === '\\' || isPartOfLonger || (isWordMarker && WORD.test(after))) continue;
    // Of three in a row, the first closes what is within.
    return source.startsWith(marker, end + 1) ? end + 1 : end;
  }
  return -1;
}

function isTableLine(line: string | undefined): boolean {
  return line !== undefined && /^\s*\|.*\|\s*$/.test(line);
}

/** The lines of a text, with the place that is being read. */
class Lines {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  peek(ahead = 0): string | undefined {
    return this.#lines[this.#at + ahead];
  }

  next(): string {
    const line = this.#lines[this.#at] ?? '';
    this.#at += 1;
    return line;
  }

  takeWhile(matches: (line: string) => boolean): string[] {
    const taken: string[] = [];
    for (let line = this.peek(); line !== undefined && matches(line); line = this.peek()) taken.push(this.next());
    return taken;
  }
}

function writeFence(renderer: Renderer, lines: Lines, [, indent = '', marker = '', info = '']: RegExpExecArray): void {
  lines.next();
  const isEnd = (line: string): boolean => line.trim().startsWith(marker) && line.trim().replace(/^[`~]+/, '') === '';
  const dedent = (line: string): string => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart());
  const code = lines
    .takeWhile((line) => !isEnd(line))
    .map(dedent)
    .join('\n');
  if (lines.peek() !== undefined) lines.next();
  const language = info.trim().split(/\s/)[0] ?? '';
  renderer.mark({ type: 'pre', ...(language === '' ? {} : { language }) }, () => (renderer.text += code));
}

function writeLine(renderer: Renderer, line: string): void {
  const heading = /^ {0,3}#{1,6} +(.+?)\s*#*\s*$/.exec(line)?.[1];
  if (heading !== undefined) return renderer.mark({ type: 'bold' }, () => renderer.inline(heading));
  const [, indent, item] = /^(\s*)[-*+] +(.*)$/.exec(line) ?? [];
  renderer.inline(item === undefined ? line : `${indent}• ${item}`);
}

function writeBlock(renderer: Renderer, lines: Lines): void {
  const line = lines.peek() ?? '';
  const fence = FENCE.exec(line);
  if (fence !== null) return writeFence(renderer, lines, fence);
  if (isTableLine(line) && isTableLine(lines.peek(1))) {
    return renderer.mark({ type: 'pre' }, () => (renderer.text += lines.takeWhile(isTableLine).join('\n')));
  }
  if (line.startsWith('>')) {
    const quoted = lines.takeWhile((next) => next.startsWith('>')).map((next) => next.replace(/^> ?/, ''));
    return renderer.mark({ type: 'blockquote' }, () => renderer.inline(quoted.join('\n')));
  }
  writeLine(renderer, lines.next());
}

/** Never longer than its source, in UTF-16 units. */
export function renderMarkdown(source: string): RenderedText {
  const renderer = new Renderer();
  const lines = new Lines(source);
  while (lines.peek() !== undefined) {
    writeBlock(renderer, lines);
    if (lines.peek() !== undefined) renderer.text += '\n';
  }
  return { text: renderer.text, entities: renderer.entities };
}
