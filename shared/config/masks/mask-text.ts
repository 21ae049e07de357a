/** Masks the secrets in the text of a configuration file, each on its line. The text may be invalid. */
import { commentRanges, type KeyedLiteral, keyedLiterals, parseJsonc, replaceValues, type TextRange } from '../jsonc.js';
import type { KeyPath } from '../key-path.js';
import { isSecretMask, maskOf } from '../secrets.js';

/** A mask in a comment. */
export const COMMENT_MASK = /\[redacted \u2026[\w-]{0,4}(?: \d+)?\]/g;

/** @param ranges  in their order */
export function replaceRanges<Range extends TextRange>(
  text: string,
  ranges: readonly Range[],
  replace: (part: string, range: Range) => string,
): string {
  const parts: string[] = [];
  let end = 0;
  for (const range of ranges) {
    const { offset, length } = range;
    parts.push(text.slice(end, offset), replace(text.slice(offset, offset + length), range));
    end = offset + length;
  }
  return [...parts, text.slice(end)].join('');
}

/** Returns the mask of a secret, and of a mask itself, whose hint is no secret even in a map of secrets. */
export function maskLiteral(value: unknown, path: KeyPath): string | undefined {
  const { hint } = (isSecretMask(value) ? value : maskOf(value, path)) ?? {};
  return typeof hint === 'string' ? `{ "$secret": true, "hint": ${JSON.stringify(hint)} }` : undefined;
}

/** In an invalid text, masks secrets outside of parsable values, by the key before them. */
const maskLooseLiterals = (text: string, mask: typeof maskLiteral): string =>
  replaceRanges(text, keyedLiterals(text), (literal, { path, value }) =>
    path.at(-1) === 'hint' ? literal : (mask(value, path) ?? literal),
  );

/** Masks all secrets but those in comments. */
export function maskValues(text: string, mask = maskLiteral): string {
  const masked = replaceValues(text, mask);
  return parseJsonc(text).problems.length > 0 ? maskLooseLiterals(masked, mask) : masked;
}

/** Only the comments, each at its position, so that settings in them can be parsed across lines. */
function commentsOf(text: string): string {
  let end = 0;
  const parts: string[] = [];
  for (const { offset, length } of commentRanges(text)) {
    parts.push('\n'.repeat(offset - end), text.slice(offset, offset + length));
    end = offset + length;
  }
  return parts.join('');
}

/** Returns the secrets of settings in comments, with their quotes. */
export function secretsInComments(text: string): KeyedLiteral[] {
  return keyedLiterals(commentsOf(text)).filter(({ value, path }) => value !== '' && maskOf(value, path) !== undefined);
}
