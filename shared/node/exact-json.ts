/**
 * JSON whose whole numbers stay what they are, such as ids of 19 digits, where it must be parsed on its way to somebody else: JavaScript would
 * round them. A number that it would round is a marked text in between.
 */
import { randomUUID } from 'node:crypto';

/** Nobody else can write it. */
const MARK = `number ${randomUUID()} `;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/** Fewer digits are always exact. */
const HAS_LONG_NUMBER = /\d{16}/;
const isRounded = (token: string): boolean => /^-?\d{16,}$/.test(token) && String(Number(token)) !== token;

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

/** Returns the value of a text. Its numbers that would be rounded are for {@link exactJson} alone. @throws SyntaxError */
export function readExactJson(json: string): unknown {
  const value: unknown = JSON.parse(json);
  return HAS_LONG_NUMBER.test(json) ? (JSON.parse(mark(json)) as unknown) : value;
}

/** Returns the text that `JSON.stringify` wrote of such values, with their numbers. */
export const exactJson = (json: string): string => json.replace(MARKED, '$1');
