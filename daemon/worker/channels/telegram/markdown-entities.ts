/**
 * Converts Markdown to Telegram's format: plain text with separate entities (https://core.telegram.org/bots/api#messageentity).
 * Unlike text with markup, this can never be refused for its syntax: anything that is not markup stays unchanged. Telegram has no
 * lists and tables, so the layout of the source is kept line by line; `marked` parses each line.
 */
import { Lexer, Marked, type MarkedToken, type Token } from 'marked';

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

/** Code fences may be indented as deep as in nested lists. */
const FENCE = /^( {0,12})(`{3,}|~{3,})([^`]*)$/;
/** URL schemes that Telegram opens. */
const LINK = /^(?:https?|tg|mailto):\S{1,2048}$/;
/** Deeper than anyone writes; markup nested deeper stays unchanged. */
const MAX_DEPTH = 6;

/** An emphasis without a nested one. */
const PLAIN_EMPHASIS = /^(\*\*?)(?![\s*])[^*]*(?<![\s*\\])\1(?!\*)/;

const { defaults } = new Marked({
  tokenizer: {
    // In CommonMark, no marker closes between punctuation and a letter, but languages without spaces need that: `**注意：**请`.
    emStrong(source, maskedSource) {
      const [raw, marker = ''] = PLAIN_EMPHASIS.exec(maskedSource.slice(-source.length)) ?? [];
      if (raw === undefined) return false;
      const text = source.slice(marker.length, raw.length - marker.length);
      return { type: marker === '**' ? 'strong' : 'em', raw: source.slice(0, raw.length), text, tokens: this.lexer.inlineTokens(text) };
    },
    // HTML is plain text here, and does not disable the markup after it.
    tag: () => undefined,
    // `~5` means "about 5": only two tildes strike through.
    del: (source) => (source.startsWith('~~') ? false : undefined),
  },
});

function readInline(source: string): readonly Token[] {
  try {
    return Lexer.lexInline(source, defaults);
  } catch (error) {
    // The lexer recurses into each emphasis; a line with a thousand nested ones stays unchanged.
    if (error instanceof RangeError) return [{ type: 'text', raw: source, text: source }];
    throw error;
  }
}

class Renderer {
  text = '';
  readonly entities: TextEntity[] = [];

  /** Adds the output of `write` as an entity. */
  mark(entity: Omit<TextEntity, 'offset' | 'length'>, write: () => void): void {
    const offset = this.text.length;
    const at = this.entities.length;
    write();
    const length = this.text.length - offset;
    if (length > 0) this.entities.splice(at, 0, { ...entity, offset, length });
  }

  inline(source: string): void {
    this.#write(readInline(source), 0);
  }

  #write(tokens: readonly Token[], depth: number): void {
    for (const token of tokens as readonly MarkedToken[]) {
      if (depth < MAX_DEPTH) this.#token(token, depth + 1);
      else this.text += token.raw;
    }
  }

  #token(token: MarkedToken, depth: number): void {
    switch (token.type) {
      case 'strong':
        return this.mark({ type: 'bold' }, () => this.#write(token.tokens, depth));
      case 'em':
        return this.mark({ type: 'italic' }, () => this.#write(token.tokens, depth));
      case 'del':
        return this.mark({ type: 'strikethrough' }, () => this.#write(token.tokens, depth));
      case 'codespan':
        return this.mark({ type: 'code' }, () => void (this.text += token.text));
      case 'escape':
        this.text += token.text;
        return;
      // A picture is shown as a link to it. Telegram links plain addresses itself.
      case 'link':
      case 'image':
        if (LINK.test(token.href) && /^!?\[/.test(token.raw))
          return this.mark({ type: 'text_link', url: token.href }, () => this.#write(token.tokens, depth));
        this.text += token.raw;
        return;
      default:
        this.text += token.raw;
    }
  }
}

function isTableLine(line: string | undefined): boolean {
  return line !== undefined && /^\s*\|.*\|\s*$/.test(line);
}

/** The lines of a text, with the current position. */
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
