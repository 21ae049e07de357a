/**
 * Parses and writes JSON without rounding large integers, such as ids of 19 digits. Between the two calls such a number is a marked
 * string.
 */
import { randomUUID } from 'node:crypto';
import { type Fields, isFields } from '../fields.js';
import { isTooDeep } from './json-guard.js';

/** The marker; cannot be guessed. */
const MARK = `number ${randomUUID()} `;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/** Whether an integer may have been rounded when its text was parsed. */
export const isUnsafeInteger = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);

/** Fewer digits are always exact. */
const HAS_LONG_NUMBER = /\d{16}/;
const isRounded = (token: string): boolean => /^-?\d{16,}$/.test(token) && String(Number(token)) !== token;

const MAX_SHOWN = 200;

/**
 * Returns the problem of the first number in a JSON text that would change its value. It is stricter than {@link readExactJson}, because the
 * number may already have been rounded. A number with an exponent is a measurement, which may be rounded.
 */
export function inexactNumber(json: string): string | undefined {
  const withoutStrings = json.replace(/\\./g, '').replace(/"[^"]*"/g, '');
  const numbers = withoutStrings.match(/-?\d[\d.eE+-]*/g) ?? [];
  const found = numbers.find((number) => Math.abs(Number(number)) > (/e/i.test(number) ? Number.MAX_VALUE : Number.MAX_SAFE_INTEGER));
  return found && `the number ${found.slice(0, MAX_SHOWN)} would be rounded; write it as a string`;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function mark(json: string): string {
  const tokens = /"|-?\d[\d.eE+-]*/g;
  let marked = '';
  let done = 0;
  for (let found = tokens.exec(json); found !== null; found = tokens.exec(json)) {
    const [token] = found;
    if (token === '"') tokens.lastIndex = endOfString(json, found.index);
    else if (isRounded(token)) {
      marked += `${json.slice(done, found.index)}"${MARK}${token}"`;
      done = tokens.lastIndex;
    }
  }
  return marked + json.slice(done);
}

/** Parses `json`; integers that would be rounded become marked strings for {@link exactJson}. @throws SyntaxError */
export function readExactJson(json: string): unknown {
  const value: unknown = JSON.parse(json);
  return HAS_LONG_NUMBER.test(json) ? (JSON.parse(mark(json)) as unknown) : value;
}

/**
 * Parses `json` as {@link readExactJson} does. An empty text is parsed as an empty object, because a call without arguments may
 * send one.
 * @returns undefined unless the text is an object of at most 64 levels
 */
export function readExactObject(json: string): Fields | undefined {
  try {
    const value = readExactJson(json === '' ? '{}' : json);
    return isFields(value) && !isTooDeep(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Restores those numbers in the output of `JSON.stringify`. */
export const exactJson = (json: string): string => json.replace(MARKED, '$1');
