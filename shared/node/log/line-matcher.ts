/** Regular expressions over log lines, upper and lower case alike. The owner of `re2js`: time is linear in the line, whatever the pattern. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RE2JS } from 're2js';
import { GatewayError } from '../../errors.js';

/** The parts of a line that match, each once; null where none does. */
export type LineMatch = readonly string[] | null;

export interface LineMatcher {
  /** Yields to the event loop in between. @throws INVALID_REQUEST when it takes longer than {@link LIMIT_MS} */
  match(lines: readonly string[]): Promise<LineMatch[]>;
}

/** What the bundle exports that is loaded when a pattern is first searched for. */
export interface PatternModule {
  createLineMatcher(pattern: string): LineMatcher;
}

const MAX_PATTERN_LENGTH = 500;
/** Instructions of the compiled pattern; a repetition count multiplies them. */
const MAX_PROGRAM_SIZE = 5_000;
const LIMIT_MS = 2_000;
const SLICE_MS = 10;
/** Characters of a line that are looked at. */
const MAX_TEXT_LENGTH = 65_536;
const MAX_PARTS = 8;
const MAX_PART_LENGTH = 200;
/** Most of them may be empty or the same. */
const MAX_FINDS = 64;
const MESSAGE = /"msg":("(?:[^"\\]|\\.)*")/;

/** @throws INVALID_REQUEST with the error and its character, counted from 1 */
export function createLineMatcher(pattern: string): LineMatcher {
  if (pattern.length > MAX_PATTERN_LENGTH) throw refuse(`regex has ${pattern.length} characters; ${MAX_PATTERN_LENGTH} is the most`);
  const compiled = compile(pattern);
  if (typeof compiled === 'string') throw invalidPattern(pattern, compiled);
  if (compiled.programSize() > MAX_PROGRAM_SIZE) throw refuse(`regex '${pattern}' is too large`, 'Use smaller repetition counts.');
  return { match: (lines) => matchAll(compiled, pattern, lines) };
}

async function matchAll(compiled: RE2JS, pattern: string, lines: readonly string[]): Promise<LineMatch[]> {
  const startedAtMs = performance.now();
  let sliceEndMs = startedAtMs + SLICE_MS;
  let waitedMs = 0;
  const matches: LineMatch[] = [];
  for (const line of lines) {
    const nowMs = performance.now();
    if (nowMs - startedAtMs - waitedMs > LIMIT_MS)
      throw refuse(`regex '${pattern}' takes too long: more than ${LIMIT_MS} ms for ${lines.length} lines`, 'Use a simpler pattern.');
    if (nowMs >= sliceEndMs) {
      await nextTurn();
      waitedMs += performance.now() - nowMs;
      sliceEndMs = performance.now() + SLICE_MS;
    }
    matches.push(partsOf(compiled, line));
  }
  return matches;
}

function partsOf(compiled: RE2JS, line: string): LineMatch {
  for (const text of textsOf(line)) {
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

/** The unescaped message is matched first: there quotes are unescaped, and `^` is its beginning. Then the whole line. */
function textsOf(line: string): string[] {
  const whole = line.slice(0, MAX_TEXT_LENGTH);
  const [, message] = (line.startsWith('{') ? MESSAGE.exec(line) : null) ?? [];
  if (message === undefined) return [whole];
  try {
    return [String(JSON.parse(message)).slice(0, MAX_TEXT_LENGTH), whole];
  } catch {
    return [whole];
  }
}

/** @returns what is wrong with a pattern that cannot be compiled */
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
  // The fault is behind the longest start that is a pattern.
  let end = pattern.length - 1;
  while (end > 0 && typeof compile(pattern.slice(0, end)) === 'string') end -= 1;
  const column = Math.max(0, end) + 1;
  return refuse(
    `regex '${pattern}' is not valid: ${fault} (character ${column})`,
    'To search for a character that has a meaning of its own, write a backslash before it.',
    { column },
  );
}

/** Without escaped characters, but with backreferences. */
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
