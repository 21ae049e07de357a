/**
 * Templates that make a text from a JSON document: `{{ $.path[0].to }}`, `{{ header.x-name }}`, alternatives (`??`) and `{{each
 * $.list}}…{{/each}}`. This is the whole syntax; nothing is evaluated as code.
 */
import type { Reason } from '../../text/reasons.js';

export const MAX_TEMPLATE_LENGTH = 10_000;
const MAX_HOLES = 100;
const MAX_DEPTH = 16;

/** `item`: the item of the enclosing `each`. */
export interface TemplatePath {
  readonly root: 'body' | 'header' | 'item';
  readonly keys: readonly (string | number)[];
}

/** The first path that has a value, or a literal text; shortened by each of `cuts`: to the first line, or to a number of characters. */
export interface TemplateValue {
  readonly type: 'value';
  readonly options: readonly (TemplatePath | string)[];
  readonly cuts: readonly ('line' | number)[];
}

export interface TemplateEach {
  readonly type: 'each';
  readonly value: TemplateValue;
  readonly parts: (string | TemplateValue)[];
}

export type TemplatePart = string | TemplateValue | TemplateEach;

/** The error for an invalid template. */
export class TemplateError extends Error {
  readonly reason: Reason;

  constructor(code: 'template-hole' | 'template-end' | 'template-each' | 'template-long', values: Reason['values']) {
    super(code);
    this.reason = { code, values };
  }
}

const SEGMENT = /\.([\w-]+)|\[(\d{1,6})\]|\[(?:'([^']*)'|"([^"]*)")\]/y;

function keysOf(text: string): (string | number)[] | undefined {
  const keys: (string | number)[] = [];
  SEGMENT.lastIndex = 0;
  while (SEGMENT.lastIndex < text.length) {
    const [found, name, index, quoted, doubleQuoted] = SEGMENT.exec(text) ?? [];
    if (found === undefined || keys.length === MAX_DEPTH) return undefined;
    keys.push(index === undefined ? (name ?? quoted ?? doubleQuoted ?? '') : Number(index));
  }
  return keys;
}

function pathOf(text: string): TemplatePath | undefined {
  const [, start = ''] = /^(\$|header(?=[.[]))/.exec(text) ?? [];
  if (start === '' && !text.startsWith('.')) return undefined;
  const keys = keysOf(text === '.' ? '' : text.slice(start.length));
  return keys && { root: start === '$' ? 'body' : start === 'header' ? 'header' : 'item', keys };
}

const QUOTED = /^(?:'([^']*)'|"([^"]*)")$/;

function optionOf(text: string): TemplatePath | string | undefined {
  const quoted = QUOTED.exec(text);
  return quoted === null ? pathOf(text) : (quoted[1] ?? quoted[2]);
}

function cutOf(text: string): 'line' | number | undefined {
  if (text === 'line') return text;
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

/** Splits at a separator outside quotation marks. */
function splitAt(separator: '??' | '|', text: string): string[] {
  const parts: string[] = [];
  let quote = '';
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (text.startsWith(separator, at)) {
      parts.push(text.slice(start, at).trim());
      start = at + separator.length;
    }
  }
  return [...parts, text.slice(start).trim()];
}

function valueOf(text: string): TemplateValue | undefined {
  const [choice = '', ...rest] = splitAt('|', text);
  const options = splitAt('??', choice).map(optionOf);
  const cuts = rest.map(cutOf);
  if (options.includes(undefined) || cuts.includes(undefined)) return undefined;
  return { type: 'value', options: options.filter((option) => option !== undefined), cuts: cuts.filter((cut) => cut !== undefined) };
}

class TemplateParser {
  readonly #text: string;
  readonly #parts: TemplatePart[] = [];
  #each: TemplateEach | undefined;
  #holes = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): TemplatePart[] {
    let at = 0;
    for (let open = this.#text.indexOf('{{'); open !== -1; open = this.#text.indexOf('{{', at)) {
      const close = this.#text.indexOf('}}', open);
      if (close === -1) throw new TemplateError('template-end', { at: open + 1 });
      this.#add(this.#text.slice(at, open));
      at = close + 2;
      if (this.#hole(this.#text.slice(open + 2, close).trim(), open) === 'block' && this.#text[at] === '\n') at += 1;
    }
    if (this.#each !== undefined) throw new TemplateError('template-each', { at: this.#text.length });
    this.#add(this.#text.slice(at));
    return this.#parts;
  }

  #add(part: string | TemplateValue): void {
    if (part !== '') (this.#each?.parts ?? this.#parts).push(part);
  }

  /** The line break after a block's tag belongs to the tag. */
  #hole(text: string, open: number): 'block' | 'value' {
    this.#holes += 1;
    if (this.#holes > MAX_HOLES) throw new TemplateError('template-long', { max: MAX_HOLES });
    if (text === '/each') {
      if (this.#each === undefined) throw new TemplateError('template-each', { at: open + 1 });
      this.#each = undefined;
      return 'block';
    }
    const [, list] = /^each\s(.*)$/s.exec(text) ?? [];
    const value = valueOf(list?.trim() ?? text);
    if (value === undefined) throw new TemplateError('template-hole', { at: open + 1, text: text.slice(0, 100) });
    if (list === undefined) {
      this.#add(value);
      return 'value';
    }
    if (this.#each !== undefined) throw new TemplateError('template-each', { at: open + 1 });
    this.#each = { type: 'each', value, parts: [] };
    this.#parts.push(this.#each);
    return 'block';
  }
}

/** @throws TemplateError */
export function parseTemplate(text: string): TemplatePart[] {
  return new TemplateParser(text).parse();
}
