/** What no JSON document from outside may hold, whatever its schema says: it is checked before any code walks the value. */
import { GatewayError } from '../../../../shared/errors.js';

/** Deeper than any document of the API or of a tool's JSON Schema; far less than what overflows a recursive walk. */
const MAX_DEPTH = 64;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

function refuse(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message });
}

/** A lone surrogate has no UTF-8 form, and PostgreSQL's text holds no NUL: neither could be stored as it came. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function checkText(text: string, isValidUtf8: () => boolean): void {
  if (!isStorable(text)) throw refuse('The body has a string with a NUL character or half of a surrogate pair.');
  if (text.includes('\u{fffd}') && !isValidUtf8()) throw refuse('The body is not valid UTF-8.');
}

function checkKeys(value: object, isValidUtf8: () => boolean): void {
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw refuse(`The body has the key '${key}', which is not allowed.`);
    checkText(key, isValidUtf8);
  }
}

/**
 * Walks the value without recursion.
 * @param isValidUtf8  asked only when a U+FFFD is met, which a decoder puts in place of invalid bytes.
 * @throws INVALID_REQUEST
 */
export function checkJson(root: unknown, isValidUtf8: () => boolean): void {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string') checkText(value, isValidUtf8);
      if (typeof value !== 'object' || value === null) continue;
      if (depth >= MAX_DEPTH) throw refuse(`The body is nested deeper than ${MAX_DEPTH} levels.`);
      if (!Array.isArray(value)) checkKeys(value, isValidUtf8);
      for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
}
