/**
 * Removes secrets from complete log lines, so that no caller has to: known secrets by their value, also in usual encodings, and unknown
 * ones by their shape. JSON stays valid. Time is linear in the length of the line.
 */
import { REDACTED, redactShapes } from './redact-shapes.js';

export interface Redactor {
  /** Returns the line without its secrets. */
  redact(line: string): string;
  /** Registers secrets from now on. One shorter than {@link MIN_SECRET_LENGTH} characters is ignored: it would match everywhere. */
  add(...secrets: readonly string[]): void;
}

export const MIN_SECRET_LENGTH = 6;
/** Encodings of shorter secrets cannot be distinguished from other text. */
const MIN_ENCODED_LENGTH = 8;
/** Longer lines of a key that spans several lines are secrets too. */
const MIN_KEY_LINE_LENGTH = 16;

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
const jsonEscaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Returns the parts of Base64 texts that do not depend on the bytes before and after the secret. */
function base64Forms(secret: string): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const stable = bytes.toString('base64').slice(before === 0 ? 0 : before + 1, Math.floor((bytes.length * 8) / 6));
    forms.push(stable, stable.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}

function formsOf(secret: string): string[] {
  // In a line, in JSON inside a line, and in JSON inside that.
  const escapes = [jsonEscaped(secret), jsonEscaped(jsonEscaped(secret)), jsonEscaped(jsonEscaped(jsonEscaped(secret)))];
  const forms = [secret, ...escapes];
  if (secret.length >= MIN_ENCODED_LENGTH) {
    const encoded = encodeURIComponent(Buffer.from(secret).toString()); // a lone surrogate would throw
    forms.push(encoded, encoded.replaceAll('%20', '+'), ...base64Forms(secret));
    if (encoded !== secret) forms.push(encodeURIComponent(encoded));
  }
  for (const line of secret.split(/\r?\n/)) if (line.length >= MIN_KEY_LINE_LENGTH) forms.push(line, jsonEscaped(line));
  return forms.filter((form) => form.length >= MIN_SECRET_LENGTH);
}

/** Replaces secrets that are numbers: they may be unquoted, so only a walk through the parsed line keeps it valid JSON. */
function redactInside(value: unknown, pattern: RegExp): unknown {
  if (typeof value === 'string') return value.replace(pattern, REDACTED);
  if (typeof value === 'number') return String(value).replace(pattern, '') === String(value) ? value : REDACTED;
  if (Array.isArray(value)) return value.map((item) => redactInside(item, pattern));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.replace(pattern, REDACTED), redactInside(item, pattern)]));
}

function redactNumeric(line: string, pattern: RegExp): string {
  const replaced = line.replace(pattern, REDACTED);
  if (replaced === line || !line.startsWith('{')) return replaced;
  try {
    return JSON.stringify(redactInside(JSON.parse(line), pattern)) + (line.endsWith('\n') ? '\n' : '');
  } catch {
    return replaced;
  }
}

/** Sorts the longest first, so that a secret which contains another is replaced as a whole. */
function compile(forms: Iterable<string>): RegExp | undefined {
  const sorted = [...forms].toSorted((a, b) => b.length - a.length);
  return sorted.length === 0 ? undefined : new RegExp(sorted.map(escapeRegExp).join('|'), 'g');
}

/** Creates a redactor that knows these secrets; more can be added. */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const textual = new Set<string>();
  const numeric = new Set<string>();
  let patterns: { text: RegExp | undefined; number: RegExp | undefined } = { text: undefined, number: undefined };
  const known = new Set<string>();
  const add = (...added: readonly string[]): void => {
    const fresh = added.filter((secret) => !known.has(secret));
    if (fresh.length === 0) return; // a configuration that was read again
    for (const secret of fresh) known.add(secret);
    for (const form of fresh.flatMap(formsOf)) (/^[\d.eE+-]+$/.test(form) ? numeric : textual).add(form);
    patterns = { text: compile(textual), number: compile(numeric) };
  };
  add(...secrets);
  return {
    add,
    redact(line) {
      const cleaned = patterns.text === undefined ? line : line.replace(patterns.text, REDACTED);
      return redactShapes(patterns.number === undefined ? cleaned : redactNumeric(cleaned, patterns.number));
    },
  };
}
