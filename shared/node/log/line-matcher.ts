/**
 * Matches regular expressions against log lines, ignoring case. The owner of `re2js`: time is linear in the line, whatever the
 * pattern.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RE2JS } from 're2js';
import { GatewayError } from '../../errors.js';
import { createSerial } from '../../serial.js';

/** The matching parts of a line, each once; null if none matches. */
export type LineMatch = readonly string[] | null;

export interface LineMatcher {
  /** Takes turns with other matchers and the event loop. @throws INVALID_REQUEST when it takes longer than {@link LIMIT_MS} */
  match(lines: readonly string[]): Promise<LineMatch[]>;
  /** Milliseconds of the event loop that it has used so far. */
  readonly spentMs: number;
}

/** The exports of the bundle that is loaded for the first pattern search. */
export interface PatternModule {
  createLineMatcher(pattern: string): LineMatcher;
}

const MAX_PATTERN_LENGTH = 500;
/** Maximum instructions of a compiled pattern; a repetition count multiplies them. */
const MAX_PROGRAM_SIZE = 5_000;
const LIMIT_MS = 2_000;
/** All matchers together block the event loop no longer than this at a time. */
const SLICE_MS = 5;
const inTurns = createSerial();
/** Characters of a line that are examined. */
const MAX_TEXT_LENGTH = 65_536;
/** Limits the work for one line, which cannot be divided: its characters times the instructions of the pattern; about 50 ms. */
const MAX_STEPS = 8_000_000;
const MAX_PARTS = 8;
const MAX_PART_LENGTH = 200;
/** Most matches may be empty or identical. */
const MAX_FINDS = 64;
const MESSAGE = /"msg":("(?:[^"\\]|\\.)*")/;

/** @throws INVALID_REQUEST with the error and its character, counted from 1 */
export function createLineMatcher(pattern: string): LineMatcher {
  if (pattern.length > MAX_PATTERN_LENGTH)
    throw refuse(`regex has ${pattern.length} characters; at most ${MAX_PATTERN_LENGTH} are allowed`);
  const compiled = compile(pattern);
  if (typeof compiled === 'string') throw invalidPattern(pattern, compiled);
  if (compiled.programSize() > MAX_PROGRAM_SIZE) throw refuse(`regex '${pattern}' is too large`, 'Use smaller repetition counts.');
  return new Re2Matcher(compiled, pattern);
}

class Re2Matcher implements LineMatcher {
  readonly #compiled: RE2JS;
  readonly #pattern: string;
  readonly #maxLength: number;
  #spentMs = 0;

  constructor(compiled: RE2JS, pattern: string) {
    this.#compiled = compiled;
    this.#pattern = pattern;
    this.#maxLength = Math.min(MAX_TEXT_LENGTH, Math.floor(MAX_STEPS / compiled.programSize()));
  }

  get spentMs(): number {
    return this.#spentMs;
  }

  async match(lines: readonly string[]): Promise<LineMatch[]> {
    const limitMs = this.#spentMs + LIMIT_MS;
    const matches: LineMatch[] = [];
    while (matches.length < lines.length) {
      if (this.#spentMs > limitMs) throw this.#tooLong(lines.length);
      await inTurns(async () => {
        this.#matchSlice(lines, matches);
        await nextTurn();
      });
    }
    return matches;
  }

  #matchSlice(lines: readonly string[], matches: LineMatch[]): void {
    const startedAtMs = performance.now();
    let passedMs = 0;
    for (const line of lines.slice(matches.length)) {
      matches.push(partsOf(this.#compiled, textsOf(line, this.#maxLength)));
      passedMs = performance.now() - startedAtMs;
      if (passedMs >= SLICE_MS) break;
    }
    this.#spentMs += passedMs;
  }

  #tooLong(count: number): GatewayError {
    return refuse(`regex '${this.#pattern}' takes too long: more than ${LIMIT_MS} ms for ${count} lines`, 'Use a simpler pattern.');
  }
}

function partsOf(compiled: RE2JS, texts: readonly string[]): LineMatch {
  for (const text of texts) {
    if (!compiled.test(text)) continue;
    const parts = new Set<string>();
    const matcher = compiled.matcher(text);
    for (let finds = 0; finds < MAX_FINDS && parts.size < MAX_PARTS && matcher.find(); finds += 1) {
      const part = matcher.group() ?? '';
      if (part !== '') parts.add(part.slice(0, MAX_PART_LENGTH));
    }
    return [...parts];
  }
  return null;
}

/** The unescaped message is matched first: its quotes are unescaped, and `^` matches its beginning. Then the whole line is matched. */
function textsOf(line: string, maxLength: number): string[] {
  const whole = line.slice(0, maxLength);
  const [, message] = (line.startsWith('{') ? MESSAGE.exec(line) : null) ?? [];
  if (message === undefined) return [whole];
  try {
    return [String(JSON.parse(message)).slice(0, maxLength), whole];
  } catch {
    return [whole];
  }
}

/** @returns the problem of a pattern that cannot be compiled */
function compile(pattern: string): RE2JS | string {
  if (bareOf(pattern).includes('\\k<')) return 'backreference'; // re2js would treat it as a plain k
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern), RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    // `error parsing regexp: missing closing ): …`
    return error instanceof Error && 'error' in error ? String(error.error) : String(error);
  }
}

function invalidPattern(pattern: string, fault: string): GatewayError {
  const missing = missingFeature(pattern);
  if (missing !== undefined)
    return refuse(
      `regex '${pattern}' uses ${missing}, which RE2 patterns do not have`,
      'Patterns follow RE2: github.com/google/re2/wiki/Syntax',
    );
  // The error is right after the longest prefix that is a valid pattern.
  let end = pattern.length - 1;
  while (end > 0 && typeof compile(pattern.slice(0, end)) === 'string') end -= 1;
  const column = Math.max(0, end) + 1;
  return refuse(
    `regex '${pattern}' is not valid: ${fault} (character ${column})`,
    'To search for a special character, put a backslash before it.',
    { column },
  );
}

/** Omits escaped characters but keeps backreferences. */
function bareOf(pattern: string): string {
  return pattern.replace(/\\[^1-9k]/g, '');
}

function missingFeature(pattern: string): string | undefined {
  const bare = bareOf(pattern);
  if (/\(\?<?[=!]/.test(bare)) return 'lookahead or lookbehind';
  return /\\(?:[1-9]|k<)/.test(bare) ? 'a backreference' : undefined;
}

function refuse(message: string, hint?: string, details: { column?: number } = {}): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message, details: { field: 'regex', ...details }, ...(hint === undefined ? {} : { hint }) });
}
