/** Fills a template with a document and the headers of a call. Never throws, and its result is bounded. */
import { isSecretName } from '../../../../../shared/config/secrets.js';
import {
  parseTemplate,
  type TemplateEach,
  type TemplatePart,
  type TemplatePath,
  type TemplateValue,
} from '../../../../../shared/config/webhook/template.js';

export interface TemplateData {
  readonly body: unknown;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface RenderLimits {
  /** In characters. */
  readonly length: number;
  /** Maximum number of list items shown. */
  readonly items: number;
}

/** Maximum length of an object or list in place of a text. */
const MAX_JSON_LENGTH = 1_000;
const MORE = '\u2026';

/** Returns the first UTF-16 units of a text, without half a character at the end. */
const startOf = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

/** Cuts a text to a number of UTF-16 units and marks the cut at its end. */
export function cutTo(text: string, length: number): string {
  return text.length <= length ? text : `${startOf(text, length - MORE.length)}${MORE}`;
}

/** Returns a value as JSON, stopping beyond `length`: the remaining values are not read, however deep they are. */
function jsonUpTo(value: unknown, length: number): string {
  if (typeof value === 'string') return JSON.stringify(startOf(value, length));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const keys = isList ? value.keys() : Object.keys(value);
  let text = isList ? '[' : '{';
  for (const key of keys) {
    if (text.length > length) return text;
    if (text.length > 1) text += ',';
    if (!isList) text += `${jsonUpTo(key, length)}:`;
    text += jsonUpTo((value as Record<string | number, unknown>)[key], length - text.length);
  }
  return text + (isList ? ']' : '}');
}

/** Returns only own properties of the document, and only the items of a list. */
function step(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return typeof key === 'number' ? (value as unknown[])[key] : undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

class Renderer {
  readonly #data: TemplateData;
  readonly #limits: RenderLimits;
  /** Caches values as JSON. Listing the keys of a wide object takes time, and a loop may show the same object for each of its items. */
  readonly #json = new Map<unknown, string>();
  #text = '';

  constructor(data: TemplateData, limits: RenderLimits) {
    this.#data = data;
    this.#limits = limits;
  }

  render(parts: readonly TemplatePart[]): string {
    for (const part of parts) {
      if (typeof part === 'object' && part.type === 'each') this.#each(part);
      else this.#add(part, undefined);
      if (this.#isFull()) break;
    }
    return cutTo(this.#text, this.#limits.length);
  }

  #isFull(): boolean {
    return this.#text.length > this.#limits.length;
  }

  #add(part: string | TemplateValue, item: unknown): void {
    this.#text += typeof part === 'string' ? part : this.#textOf(part, item);
  }

  #each({ value, parts }: TemplateEach): void {
    const found = this.#find(value, undefined);
    if (found === undefined || found === false || found === 0) return;
    const items: readonly unknown[] = Array.isArray(found) ? found : [found];
    for (const item of items.slice(0, this.#limits.items)) {
      for (const part of parts) this.#add(part, item);
      if (this.#isFull()) return;
    }
    if (items.length > this.#limits.items) this.#text += `${MORE} and ${items.length - this.#limits.items} more\n`;
  }

  #find({ options }: TemplateValue, item: unknown): unknown {
    for (const option of options) {
      const found = typeof option === 'string' ? option : this.#at(option, item);
      if (found !== undefined && found !== null && found !== '') return found;
    }
    return undefined;
  }

  #at({ root, keys }: TemplatePath, item: unknown): unknown {
    if (root === 'header') return keys.length === 1 ? this.#header(String(keys[0]).toLowerCase()) : undefined;
    return keys.reduce<unknown>(step, root === 'item' ? item : this.#data.body);
  }

  /** Credentials of the caller must not get into a conversation. */
  #header(name: string): string | undefined {
    return isSecretName(name) || name.includes('signature') || !Object.hasOwn(this.#data.headers, name)
      ? undefined
      : this.#data.headers[name];
  }

  #jsonOf(value: unknown): string {
    const json = this.#json.get(value) ?? cutTo(jsonUpTo(value, MAX_JSON_LENGTH), MAX_JSON_LENGTH);
    this.#json.set(value, json);
    return json;
  }

  #textOf(value: TemplateValue, item: unknown): string {
    const found = this.#find(value, item) ?? '';
    let text = typeof found === 'string' ? found : this.#jsonOf(found);
    for (const cut of value.cuts) text = cut === 'line' ? (/^[^\r\n]*/.exec(text.trimStart())?.[0] ?? '') : startOf(text, cut);
    return cutTo(text, this.#limits.length + 1);
  }
}

/** @throws TemplateError for an invalid template */
export function renderTemplate(template: string, data: TemplateData, limits: RenderLimits): string {
  return new Renderer(data, limits).render(parseTemplate(template));
}
