/**
 * Removes secrets from complete log lines, so that no caller has to: known secrets by their value, also in usual encodings, and unknown
 * ones by their shape. JSON stays valid. Time is linear in the length of the line.
 */
import { KnownTexts } from '../../text/known-texts.js';
import { REDACTED, redactShapes } from './redact-shapes.js';

export interface Redactor {
  /** Returns the line without its secrets. */
  redact(line: string): string;
  /**
   * Adds secrets to redact from now on. Secrets that are too short for {@link KnownTexts} are ignored: they would match everywhere.
   */
  add(secrets: readonly string[]): void;
}

/** Encodings of shorter secrets cannot be distinguished from other text. */
const MIN_ENCODED_LENGTH = 8;
/** Lines of a multi-line key that are longer than this are secrets too. */
const MIN_KEY_LINE_LENGTH = 16;

const hide = (): string => REDACTED;
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
  return forms;
}

/** Replaces secrets that are numbers. They may be unquoted, so only walking the parsed line keeps it valid JSON. */
function redactInside(value: unknown, known: KnownTexts): unknown {
  if (typeof value === 'string') return known.replaceIn(value, hide);
  if (typeof value === 'number') return known.replaceIn(String(value), hide) === String(value) ? value : REDACTED;
  if (Array.isArray(value)) return value.map((item) => redactInside(item, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [known.replaceIn(key, hide), redactInside(item, known)]));
}

function redactNumeric(line: string, known: KnownTexts): string {
  const replaced = known.replaceIn(line, hide);
  if (replaced === line || !line.startsWith('{')) return replaced;
  try {
    return JSON.stringify(redactInside(JSON.parse(line), known)) + (line.endsWith('\n') ? '\n' : '');
  } catch {
    return replaced;
  }
}

/** Creates a redactor for these secrets; more can be added. */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const textual = new KnownTexts();
  const numeric = new KnownTexts();
  const known = new Set<string>();
  const add = (added: readonly string[]): void => {
    for (const secret of added) {
      if (known.has(secret)) continue; // a configuration that was read again
      known.add(secret);
      for (const form of formsOf(secret)) (/^[\d.eE+-]+$/.test(form) ? numeric : textual).add(form);
    }
  };
  add(secrets);
  return {
    add,
    redact: (line) => redactShapes(redactNumeric(textual.replaceIn(line, hide), numeric)),
  };
}
