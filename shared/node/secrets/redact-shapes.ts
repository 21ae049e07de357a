/**
 * Finds secrets by their shape: values next to the name of a secret (`"api_key": "…"`, `?token=…`, `Authorization: …`) and texts
 * that look like keys anywhere. Every pattern starts at a fixed text or at the start of a run and nothing is read twice, so no
 * input is slow. A value is replaced inside its quotes: JSON stays valid.
 */

/** The replacement for a secret. */
export const REDACTED = '[redacted]';

/** Texts that are secrets anywhere. Runs begin at a look-behind, so each is tried once. */
const TOKEN_SHAPES =
  /(?<![\w-])(?:eyJ[\w-]{10,}\.[\w-]{4,}(?:\.[\w-]*)?|sk-[\w-]{16,}|[srp]k_(?:live|test)_\w{10,}|whsec_[\w+/=-]{8,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|(?:hf|gsk)_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{36}|(?:glpat|xai)-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{30,})|(?<!\d)\d{5,14}:[\w-]{30,}/g;

const PRIVATE_KEY = /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)/g;

/** `scheme://user:password@host`. */
const URL_PASSWORD = /(:\/\/[^\s/:@"'\\]{0,256}:)([^\s/@"'\\]{1,1024})@/g;

/** An authorization scheme and the text after it; the replacer decides, because the words also occur in prose. */
const AUTH_SCHEME = /\b((?:Bearer|Basic|ApiKey)(?:\s{1,4}|%20|\+))([\w.~+/=%:-]{6,})/gi;

/** The name of a secret with its separator: camelCase, snake_case or header spelling, at any depth of JSON in JSON. */
const NAMED =
  /(authorization|cookie|x-api-key|api[-_]?key|token|secret|passw(?:or)?d|passphrase|(?:private|access|secret)[-_]?key|credentials?)(\\*["']\s{0,8}[:=,]\s{0,8}\[?|\s{0,8}[:=]\s{0,8}\[?|%3D)/gi;

/** Headers whose value has several words: everything up to the end of the line or the quote is secret. */
const WHOLE_VALUE = /^(?:authorization|cookie)$/i;
const HEADER_NAME = /^(?:authorization|cookie|x-api-key)$/i;
/** Where an unquoted value ends. */
const VALUE_END = /[\s"'\\&,;<>)\]}#]/;
const LINE_END = /["'\\\r\n]/;
/** Words that follow the name of a secret in prose or code, and our own hints, which are already masked. */
const HARMLESS_VALUE = /^(?:null|undefined|true|false|none|unset|missing|invalid|required|expired|redacted|\[redacted\]|\*+|)$/i;

function looksSecret(word: string): boolean {
  return word.length >= 20 || /\d/.test(word);
}

/** Returns the replacement for a secret. */
type Hide = (secret: string) => string;

function redactScheme(match: string, { scheme, value, hide }: { scheme: string; value: string; hide: Hide }): string {
  const isCredential = /^basic/i.test(scheme)
    ? /^[\w+/-]+=*$/.test(value) && Buffer.from(value, 'base64').includes(':')
    : looksSecret(value);
  return isCredential ? scheme + hide(value) : match;
}

/** A quote after `run` backslashes ends a value that a quote after `level` backslashes opened; fewer end an outer string. */
function endsQuoted(run: number, level: number): boolean {
  return run < level || run % (2 * (level + 1)) === level;
}

/** Returns the index of the backslash run or quote that ends a quoted value starting at `from`. */
function quotedEnd(line: string, from: number, opening: { quote: string; level: number }): number {
  let run = 0;
  for (let index = from; index < line.length; index += 1) {
    const character = line[index];
    if (character === '\\') {
      run += 1;
    } else {
      const isOuter = character === '"' && (run < opening.level || (opening.quote === "'" && run === opening.level));
      const ends = character === opening.quote ? endsQuoted(run, opening.level) : isOuter;
      if (ends) return index - Math.min(run, opening.level);
      if (character === '\n') return index;
      run = 0;
    }
  }
  return line.length;
}

function indexOfAny(line: string, pattern: RegExp, from: number): number {
  for (let index = from; index < line.length; index += 1) if (pattern.test(line[index] ?? '')) return index;
  return line.length;
}

/** Returns where the value after the name of a secret starts and ends; undefined when it is a number, an object or missing. */
function valueRange(line: string, from: number, name: { text: string; isQuoted: boolean }): [number, number] | undefined {
  const opening = /^(\\*)(["'])/.exec(line.slice(from, from + 16));
  if (opening !== null) {
    const [all, slashes = '', quote = '"'] = opening;
    const start = from + all.length;
    return [start, quotedEnd(line, start, { quote, level: slashes.length })];
  }
  if (name.isQuoted || /[\s{["'\\]/.test(line[from] ?? ' ')) return undefined;
  const end = indexOfAny(line, WHOLE_VALUE.test(name.text) ? LINE_END : VALUE_END, from);
  return [from, end];
}

function isSecretValue(value: string, separator: string): boolean {
  if (HARMLESS_VALUE.test(value)) return false;
  return /["'=]|%3D/i.test(separator) || (value.length >= 6 && looksSecret(value));
}

/** `["authorization", "Bearer …"]`: matches a list of names and values, but not a sentence that ends with such a word. */
function isHeaderPair(line: string, match: RegExpExecArray, range: [number, number]): boolean {
  const before = line[match.index - 1];
  return (
    HEADER_NAME.test(match[1] ?? '') && (before === '"' || before === "'") && !/^\\*["']\s*:/.test(line.slice(range[1], range[1] + 16))
  );
}

function redactNamed(line: string, hide: Hide): string {
  const pattern = new RegExp(NAMED);
  let output = '';
  let copied = 0;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    const [all, name = '', separator = ''] = match;
    const from = match.index + all.length;
    const range = valueRange(line, from, { text: name, isQuoted: /^["']/.test(separator) });
    if (range === undefined || (separator.includes(',') && !isHeaderPair(line, match, range))) continue;
    const [start, end] = range;
    pattern.lastIndex = end;
    const isQuotedValue = start > from;
    if (!WHOLE_VALUE.test(name) && !isSecretValue(line.slice(start, end), isQuotedValue ? '"' : separator)) continue;
    output += line.slice(copied, start) + hide(line.slice(start, end));
    copied = end;
  }
  return copied === 0 ? line : output + line.slice(copied);
}

/** Replaces everything from the header of a PEM private key to its end, or to the end of the enclosing string. */
function redactPrivateKeys(line: string, hide: Hide): string {
  if (!line.includes('PRIVATE KEY-----')) return line;
  const parts = line.split(PRIVATE_KEY);
  // Every second part is a header.
  for (let index = 1; index < parts.length; index += 2) {
    const [head = '', text = ''] = [parts[index], parts[index + 1]];
    const end = text.search(/-----END|"|$/);
    parts[index] = hide(head + text.slice(0, end));
    parts[index + 1] = text.slice(end);
  }
  return parts.join('');
}

/**
 * Returns the line with everything that looks like a secret replaced. @param hide  makes the replacement; default: the same for
 * each
 */
export function redactShapes(line: string, hide: Hide = () => REDACTED): string {
  return redactPrivateKeys(redactNamed(line, hide), hide)
    .replace(TOKEN_SHAPES, hide)
    .replace(AUTH_SCHEME, (match, scheme: string, value: string) => redactScheme(match, { scheme, value, hide }))
    .replace(URL_PASSWORD, (_, before: string, password: string) => `${before}${hide(password)}@`);
}
