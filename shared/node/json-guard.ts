/** Checks for content that no JSON document from outside may have, whatever its schema says, before any code walks the value. */
import { isUtf8 } from 'node:buffer';
import { FORBIDDEN_KEYS } from '../config/key-path.js';
import { GatewayError } from '../errors.js';
import { isStorable } from '../text/storable.js';

/** Deeper than any document of the API or of a tool's JSON Schema; far less than what overflows a recursive walk. */
const MAX_DEPTH = 64;
/** The limit as part of a sentence. */
export const TOO_DEEP = `is nested deeper than ${MAX_DEPTH} levels`;
const MAX_SHOWN_LENGTH = 100;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

export interface JsonText {
  /** Its name in an error. */
  readonly name: 'body' | 'frame';
  /** The bytes as received. */
  readonly source: Buffer;
  /** Whether it is a call for a model: its texts and the names in its tools are the model's and the vendor's concern. */
  readonly isModelCall?: boolean;
}

function refuse({ name }: JsonText, problem: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message: `The ${name} ${problem}` });
}

function checkText(text: string, given: JsonText): void {
  if (given.isModelCall !== true && !isStorable(text))
    throw refuse(given, 'has a string with a NUL character or half of a surrogate pair.');
}

function checkKeys(keys: readonly string[], given: JsonText): void {
  for (const key of keys) {
    const isForbidden = given.isModelCall === true ? key === '__proto__' : FORBIDDEN_KEYS.includes(key);
    if (isForbidden) throw refuse(given, `has the key '${key}', which is not allowed.`);
    checkText(key, given);
  }
}

/** Returns the index of the quote that ends the string starting at `start`. */
function endOfString(source: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== QUOTE) at += source[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Returns the number of keys in the text, counted by the colons outside strings. */
function countKeys(source: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < source.length; at += 1) {
    if (source[at] === COLON) count += 1;
    else if (source[at] === QUOTE) at = endOfString(source, at);
  }
  return count;
}

/** Returns the first duplicate key of an object, as a phrase with its position. */
function describeRepeatedKey(source: Buffer): string {
  const open: Set<string>[] = [];
  let last = { start: 0, end: 0 };
  for (let at = 0; at < source.length; at += 1) {
    const character = String.fromCharCode(source[at] ?? 0);
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      last = { start: at, end: endOfString(source, at) + 1 };
      at = last.end - 1;
    } else if (character === ':') {
      const key = String(JSON.parse(source.toString('utf8', last.start, last.end)));
      if (open.at(-1)?.has(key) === true)
        return `'${key.slice(0, MAX_SHOWN_LENGTH)}' twice (at position ${source.toString('utf8', 0, last.start).length})`;
      open.at(-1)?.add(key);
    }
  }
  return 'twice';
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a plain JSON value is nested deeper than a document may be. Walks it without recursion. */
export function isTooDeep(root: unknown): boolean {
  let level = [root].filter(isContainer);
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1)
    level = level.flatMap((container): unknown[] => Object.values(container)).filter(isContainer);
  return level.length > 0;
}

const repairText = (value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value);

/** Replaces unpaired halves of surrogate pairs, which vendors refuse, in the texts of a value that has been checked. */
export function repairTexts(root: unknown): void {
  for (let level = [root].filter(isContainer); level.length > 0;) {
    for (const container of level) {
      // An array may have millions of numbers: an entry for each would cost more memory than they do.
      if (Array.isArray(container)) for (let at = 0; at < container.length; at += 1) container[at] = repairText(container[at]);
      else for (const [key, value] of Object.entries(container)) Reflect.set(container, key, repairText(value));
    }
    level = level.flatMap((container): object[] => Object.values(container).filter(isContainer));
  }
}

/**
 * Walks the value without recursion. @param given  the text that it was parsed from, which may repeat a key: a parser keeps only
 * the last one.
 * @throws INVALID_REQUEST
 */
export function checkJson(root: unknown, given: JsonText): void {
  // A decoder replaces invalid bytes with U+FFFD.
  if (!isUtf8(given.source)) throw refuse(given, 'is not valid UTF-8.');
  let level: unknown[] = [root];
  let keyCount = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string') checkText(value, given);
      if (value === Infinity || value === -Infinity) throw refuse(given, 'has a number that is too large.');
      if (typeof value !== 'object' || value === null) continue;
      if (depth >= MAX_DEPTH) throw refuse(given, `${TOO_DEEP}.`);
      if (!Array.isArray(value)) {
        const keys = Object.keys(value);
        keyCount += keys.length;
        checkKeys(keys, given);
      }
      for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
  if (countKeys(given.source) !== keyCount) throw refuse(given, `has the key ${describeRepeatedKey(given.source)}. Send each key once.`);
}
