/** Masks the secrets in the text of a configuration file, each on its line, and restores them. */
import { MAX_LISTED } from '../../../shared/config/document.js';
import { keyedLiterals, parseJsonc, positionFinder, readAsFarAsPossible, replaceValues } from '../../../shared/config/jsonc.js';
import { formatKey, type KeyPath, valueAt } from '../../../shared/config/key-path.js';
import { COMMENT_MASK, maskLiteral, maskValues } from '../../../shared/config/masks/mask-text.js';
import { isSecretMask, maskOf } from '../../../shared/config/secrets.js';
import type { Problem } from '../../../shared/errors.js';
import { explain, reason } from '../../../shared/text/reasons.js';
import { KnownTexts } from '../../../shared/text/known-texts.js';
import { maskComments } from './comment-secrets.js';

/** Shorter secrets may occur in other text. */
const MIN_HIDDEN_LENGTH = 8;

function knownTexts(secrets: readonly string[]): KnownTexts {
  const known = new KnownTexts();
  for (const secret of secrets.filter(({ length }) => length >= MIN_HIDDEN_LENGTH)) {
    known.add(secret);
    known.add(JSON.stringify(secret).slice(1, -1)); // as it is written in the file
  }
  return known;
}

/** @param text  may be invalid. @param secrets  must not remain anywhere in the text */
export function maskText(text: string, secrets: readonly string[] = []): string {
  const known = knownTexts(secrets);
  const masked = maskValues(maskComments(text, known).text);
  return known.replaceIn(masked, (secret) => maskLiteral(secret, ['secret']) ?? '');
}

interface Stored {
  readonly value: unknown;
  /** Secrets of an invalid text that have a key but no path, by key and hint. */
  readonly loose: ReadonlyMap<string, string | undefined>;
}

/** Reads the secrets behind the masks of this text. */
function readStored(text: string): Stored {
  const loose = new Map<string, string | undefined>();
  const { problems, value: whole } = parseJsonc(text);
  const isBroken = problems.length > 0;
  for (const { path, value } of isBroken ? keyedLiterals(text) : []) {
    const mask = maskOf(value, path);
    if (mask === undefined) continue;
    const name = `${String(path.at(-1))} ${mask.hint}`;
    // Two secrets with the same key and hint are ambiguous: neither is restored.
    loose.set(name, loose.has(name) && loose.get(name) !== value ? undefined : value);
  }
  return { value: isBroken ? readAsFarAsPossible(text) : whole, loose };
}

/** Returns the secret as a literal; undefined for a mask that was changed or moved. */
function secretFor(mask: unknown, path: KeyPath, { value, loose }: Stored): string | undefined {
  const { hint } = mask as { hint?: unknown };
  const secret = valueAt(value, path);
  if (secret !== undefined && maskOf(secret, path)?.hint === hint) return JSON.stringify(secret);
  const found = loose.get(`${String(path.at(-1))} ${String(hint)}`);
  return found === undefined ? undefined : JSON.stringify(found);
}

const NOT_STORED = reason('mask-without-secret', { variable: 'VARIABLE' });

/** @param stored  the current text with its secrets; may be invalid. @param secrets  as for the text with the masks */
export function restoreText(text: string, stored: string, secrets: readonly string[] = []): { text: string; problems: readonly Problem[] } {
  const { hidden } = maskComments(stored, knownTexts(secrets));
  const problems: Problem[] = [];
  const position = positionFinder(text);
  const whole = text.replace(COMMENT_MASK, (mask, at: number) => {
    const part = hidden.get(mask);
    if (part === undefined) problems.push({ ...position(at), ...explain(reason('comment-mask', { mask, what: NOT_STORED })) });
    return part ?? mask;
  });
  const parsed = parseJsonc(whole);
  // An invalid text is refused by the caller, which reports its problems.
  if (parsed.problems.length > 0) return { text: whole, problems };
  const before = readStored(stored);
  const restored = replaceValues(whole, (value, path) => {
    if (!isSecretMask(value)) return undefined;
    const secret = secretFor(value, path, before);
    // Locating one takes time in proportion to the text.
    if (secret === undefined && problems.length < MAX_LISTED)
      problems.push({ ...parsed.locate(path), key: formatKey(path), ...explain(NOT_STORED) });
    return secret;
  });
  return { text: restored, problems };
}
