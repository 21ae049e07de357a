/**
 * Splits a long Markdown text into parts that are valid on their own: between paragraphs where possible, else between
 * lines, else between words; a code block that is split is closed and opened again.
 */

/** The opening or closing line of a code block. */
const FENCE = /^ {0,12}(`{3,}|~{3,})(.*)$/;
/** Markers; a line is not split between two of them, nor inside a link. */
const MARKERS = ['`', '**', '__', '~~', '*', '_'];
const CHARACTERS = new Intl.Segmenter();
/** A longer character, in UTF-16 units, may be split. */
const MAX_CLUSTER = 64;
const MAX_OPENING = 64;

interface Fence {
  /** The line that reopens the block in the next part. */
  readonly opening: string;
  readonly marker: string;
}

/** Returns the last place up to `limit` at which a character begins. */
function cutAtCharacter(text: string, limit: number): number {
  const { index = limit } = CHARACTERS.segment(text.slice(0, limit + 2)).containing(limit) ?? {};
  if (index > 0 && limit - index < MAX_CLUSTER) return index;
  const isInsidePair = (text.codePointAt(limit - 1) ?? 0) > 0xff_ff;
  return isInsidePair ? limit - 1 : limit;
}

/** Returns a memoized `indexOf` for growing positions: each character is scanned once per needle. */
function finder(text: string): (needle: string, from: number) => number {
  const found = new Map<string, number>();
  return (needle, from) => {
    const known = found.get(needle);
    if (known !== undefined && (known < 0 || known >= from)) return known;
    const at = text.indexOf(needle, from);
    found.set(needle, at);
    return at;
  };
}

/** Returns the end of the link that begins at `at`; -1 if none does. */
function linkEnd(text: string, at: number, find: ReturnType<typeof finder>): number {
  const label = text.startsWith('[', at) ? find('](', at) : -1;
  return label < 0 ? -1 : find(')', label);
}

/** Returns the spans in which a line must not be split, in order. */
function findSpans(text: string): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  const find = finder(text);
  for (let at = 0; at < text.length;) {
    const marker = MARKERS.find((candidate) => text.startsWith(candidate, at));
    const close = marker === undefined ? linkEnd(text, at, find) : find(marker, at + marker.length);
    if (close < 0) {
      at += marker?.length ?? 1;
    } else {
      const end = close + (marker?.length ?? 1);
      spans.push({ start: at, end });
      at = end;
    }
  }
  return spans;
}

/** Returns where to split a line that is longer than `limit`: after a space outside of all spans, after any space, or between characters. */
function cutLine(line: string, limit: number): number {
  const head = line.slice(0, limit);
  const last = findSpans(line.slice(0, limit * 2)).findLast(({ start }) => start < limit);
  // A span that crosses the limit goes to the next part.
  const before = last !== undefined && last.end > limit ? last.start : limit;
  for (const at of [head.lastIndexOf(' ', before), head.lastIndexOf(' ')]) if (at > limit / 4) return at + 1;
  return cutAtCharacter(line, limit);
}

class Splitter {
  readonly #limit: number;
  readonly #parts: string[] = [];
  #part = '';
  /** The length of the reopened code fence at the beginning of the part. */
  #headLength = 0;
  #fence: Fence | undefined;
  /** The last place in the part where a paragraph or a code block begins. */
  #breakAt = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(line: string): void {
    let rest = line;
    while (rest.length > this.#room()) {
      if (this.#part.length > this.#headLength) {
        this.#flush();
      } else {
        const at = cutLine(rest, this.#room());
        this.#part += rest.slice(0, at);
        rest = rest.slice(at);
        this.#flush();
      }
    }
    this.#take(rest, line);
  }

  end(): string[] {
    this.#push(this.#part);
    return this.#parts;
  }

  #room(): number {
    return this.#limit - this.#part.length - (this.#fence === undefined ? 0 : this.#fence.marker.length + 1);
  }

  #take(rest: string, line: string): void {
    const [, marker, info = ''] = FENCE.exec(line.trimEnd()) ?? [];
    if (this.#fence === undefined && (line.trim() === '' || marker !== undefined)) this.#breakAt = this.#part.length;
    this.#part += rest;
    if (marker === undefined) return;
    if (this.#fence === undefined) {
      // A longer marker, repeated in each part, would leave no room for the text.
      if (marker.length <= MAX_OPENING) this.#fence = { marker, opening: `${marker}${info.slice(0, MAX_OPENING)}\n` };
    } else if (marker.startsWith(this.#fence.marker) && info.trim() === '') this.#fence = undefined;
  }

  /** Ends the part, at a paragraph if there is one in its second half. */
  #flush(): void {
    if (this.#breakAt > this.#limit / 2) {
      const carried = this.#part.slice(this.#breakAt).replace(/^\n+/, '');
      this.#push(this.#part.slice(0, this.#breakAt));
      this.#begin(carried, 0);
    } else {
      const fence = this.#fence;
      this.#push(fence === undefined ? this.#part : `${this.#part.trimEnd()}\n${fence.marker}`);
      this.#begin(fence?.opening ?? '', fence?.opening.length ?? 0);
    }
  }

  #begin(part: string, headLength: number): void {
    this.#part = part;
    this.#headLength = headLength;
    this.#breakAt = 0;
  }

  #push(part: string): void {
    const text = part.replace(/^\n+|\s+$/g, '');
    if (text !== '') this.#parts.push(text);
  }
}

/**
 * @param limit  in UTF-16 units, at least 256
 * @returns parts of at most that length, none of them empty; a text that fits is returned unchanged
 */
export function splitMarkdown(text: string, limit: number): string[] {
  if (text.length <= limit) return text.trim() === '' ? [] : [text];
  const splitter = new Splitter(limit);
  for (const line of text.split(/(?<=\n)/)) splitter.add(line);
  return splitter.end();
}
