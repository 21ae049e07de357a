/** Masks the secrets in the text of a configuration file, each on its line, and restores them. */
import { keyedLiterals, parseJsonc, readAsFarAsPossible, replaceValues } from '../../../shared/config/jsonc.js';
import { formatKey, type KeyPath, valueAt } from '../../../shared/config/key-path.js';
import { isSecretMask, maskOf } from '../../../shared/config/secrets.js';
import type { Problem } from '../../../shared/errors.js';
import { KnownTexts } from '../../../shared/text/known-texts.js';

/** A shorter secret may be part of other text. */
const MIN_HIDDEN_LENGTH = 8;

function maskLiteral(value: unknown, path: KeyPath): string | undefined {
  const mask = maskOf(value, path);
  return mask === undefined ? undefined : `{ "$secret": true, "hint": ${JSON.stringify(mask.hint)} }`;
}

/** Masks secrets in parts of an invalid text that belong to no readable value, by the key before them. */
function maskLooseLiterals(text: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const { key, value, offset, length } of keyedLiterals(text)) {
    const literal = key === 'hint' ? undefined : maskLiteral(value, [key]);
    if (literal === undefined) continue;
    parts.push(text.slice(end, offset), literal);
    end = offset + length;
  }
  return [...parts, text.slice(end)].join('');
}

/** @param text  may be invalid. @param known  secrets that must not remain anywhere in the text */
export function maskText(text: string, known: readonly string[] = []): string {
  const masked = maskLooseLiterals(replaceValues(text, maskLiteral));
  const hidden = new KnownTexts();
  for (const secret of known.filter(({ length }) => length >= MIN_HIDDEN_LENGTH)) {
    hidden.add(secret);
    hidden.add(JSON.stringify(secret).slice(1, -1)); // as it is written in the file
  }
  return hidden.replaceIn(masked, (secret) => maskLiteral(secret, ['secret']) ?? '');
}

interface Stored {
  readonly value: unknown;
  /** Secrets of an invalid text that have a key but no path, by key and hint. */
  readonly loose: ReadonlyMap<string, string | undefined>;
}

/** Reads the secrets that masks of this text stand for. */
function readStored(text: string): Stored {
  const loose = new Map<string, string | undefined>();
  const { problems, value: whole } = parseJsonc(text);
  const isBroken = problems.length > 0;
  for (const { key, value } of isBroken ? keyedLiterals(text) : []) {
    const mask = maskOf(value, [key]);
    if (mask === undefined) continue;
    const name = `${key} ${mask.hint}`;
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

/** @param stored  the current text with its secrets; may be invalid */
export function restoreText(text: string, stored: string): { text: string; problems: readonly Problem[] } {
  const parsed = parseJsonc(text);
  // An invalid text is refused by the caller, which reports its problems.
  if (parsed.problems.length > 0) return { text, problems: [] };
  const before = readStored(stored);
  const problems: Problem[] = [];
  const restored = replaceValues(text, (value, path) => {
    if (!isSecretMask(value)) return undefined;
    const secret = secretFor(value, path, before);
    if (secret === undefined) {
      const message = 'is a mask, but no secret is stored there; write the secret itself, or ${VARIABLE}';
      problems.push({ ...parsed.locate(path), key: formatKey(path), message });
    }
    return secret;
  });
  return { text: restored, problems };
}
