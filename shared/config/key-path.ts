/** Paths in a configuration document: `agents.list[0].model`, `models.providers["my.host"].baseUrl`. */
import { GatewayError } from '../errors.js';

/** Object keys and array indices from the root. */
export type KeyPath = readonly (string | number)[];

/** Keys that would reach an object's prototype; documents must not contain them. */
export const FORBIDDEN_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

function formatSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  return /^[A-Za-z_$][\w$-]*$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}

/** Returns the text form of a path; empty for the root. */
export function formatKey(path: KeyPath): string {
  return path.map(formatSegment).join('').replace(/^\./, '');
}

const MAX_SHOWN_SEGMENT = 100;

/** Returns the text form of a path for a message: long keys are shortened. */
export function showKey(path: KeyPath): string {
  const isLong = (segment: string | number): segment is string => typeof segment === 'string' && segment.length > MAX_SHOWN_SEGMENT;
  return formatKey(path.map((segment) => (isLong(segment) ? `${segment.slice(0, MAX_SHOWN_SEGMENT)}…` : segment)));
}

function usage(text: string, reason: string): GatewayError {
  return new GatewayError('USAGE', {
    message: `'${text}' is not a key: ${reason}`,
    hint: 'Write it like gateway.port or agents.list[0].model.',
  });
}

function parseBracket(inner: string, text: string): string | number {
  if (/^\d{1,9}$/.test(inner)) return Number(inner);
  try {
    const key: unknown = JSON.parse(inner);
    if (typeof key === 'string') return key;
  } catch {
    // Reported below, with what is allowed.
  }
  throw usage(text, `[${inner}] must hold a number or a quoted name`);
}

/**
 * Reads the text form. `list.0` means the same as `list[0]`.
 * @throws USAGE for an empty segment, an unfinished bracket, or a key that no document may hold
 */
export function parseKey(text: string): KeyPath {
  const path: (string | number)[] = [];
  const pattern = /\.?([^.[\]"]+)|\[("(?:[^"\\]|\\.)*"|\d+)\]/y;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null || (start === 0 && text.startsWith('.'))) throw usage(text, `'${text.slice(start)}' cannot be read`);
    const [, name, bracket] = match;
    path.push(name === undefined ? parseBracket(bracket ?? '', text) : /^\d{1,9}$/.test(name) ? Number(name) : name);
  }
  if (path.length === 0) throw usage(text, 'it is empty');
  const forbidden = path.find((segment) => FORBIDDEN_KEYS.includes(String(segment)));
  if (forbidden !== undefined) throw usage(text, `'${forbidden}' is not allowed`);
  return path;
}

/** Whether a path is `prefix` or below it. */
export function isPrefix(prefix: KeyPath, path: KeyPath): boolean {
  return prefix.length <= path.length && prefix.every((segment, index) => String(segment) === String(path[index]));
}

/** Returns the value at a path, or undefined. Numbers are array indices or object keys that look like numbers. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}
