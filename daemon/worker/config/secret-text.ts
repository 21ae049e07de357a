/** The text of a configuration file without its secrets, and back: each stands as its mask, on the line where it is. */
import { keyedLiterals, parseJsonc, readAsFarAsPossible, replaceValues } from '../../../shared/config/jsonc.js';
import { formatKey, type KeyPath, valueAt } from '../../../shared/config/key-path.js';
import { isSecretMask, maskOf } from '../../../shared/config/secret-mask.js';
import type { Problem } from '../../../shared/errors.js';

/** A shorter one may stand in the text as a word. */
const MIN_KNOWN_LENGTH = 8;

function maskLiteral(value: unknown, path: KeyPath): string | undefined {
  const mask = maskOf(value, path);
  return mask === undefined ? undefined : `{ "$secret": true, "hint": ${JSON.stringify(mask.hint)} }`;
}

/** Where the text is broken, parts of it belong to nothing that can be read: their secrets are found by the key before them. */
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

/** @param text  need not be readable as a whole. @param known  secrets that must not be left in it wherever they stand */
export function maskText(text: string, known: readonly string[] = []): string {
  const masked = maskLooseLiterals(replaceValues(text, maskLiteral));
  const isKnown = (secret: string): boolean => secret.length >= MIN_KNOWN_LENGTH;
  return known.filter(isKnown).reduce((left, secret) => left.replaceAll(secret, maskLiteral(secret, ['secret']) ?? ''), masked);
}

interface Stored {
  readonly value: unknown;
  /** Secrets of a broken text that have a key but no place: by the two. */
  readonly loose: ReadonlyMap<string, string | undefined>;
}

/** What masks of this text stand for. */
function readStored(text: string): Stored {
  const loose = new Map<string, string | undefined>();
  const isBroken = parseJsonc(text).problems.length > 0;
  for (const { key, value } of isBroken ? keyedLiterals(text) : []) {
    const mask = maskOf(value, [key]);
    if (mask === undefined) continue;
    const name = `${key} ${mask.hint}`;
    // Two that look alike: neither is meant for certain.
    loose.set(name, loose.has(name) && loose.get(name) !== value ? undefined : value);
  }
  return { value: readAsFarAsPossible(text), loose };
}

/** A mask that was changed, or moved, stands for nothing. */
function secretFor(mask: unknown, path: KeyPath, { value, loose }: Stored): string | undefined {
  const { hint } = mask as { hint?: unknown };
  const secret = valueAt(value, path);
  if (secret !== undefined && maskOf(secret, path)?.hint === hint) return JSON.stringify(secret);
  const found = loose.get(`${String(path.at(-1))} ${String(hint)}`);
  return found === undefined ? undefined : JSON.stringify(found);
}

/** @param stored  the text as it is now, secrets in it; where it cannot be read, what can be told of its secrets is kept all the same */
export function restoreText(text: string, stored: string): { text: string; problems: readonly Problem[] } {
  const parsed = parseJsonc(text);
  // Nothing to restore in what cannot be read; whoever writes it says what is wrong.
  if (parsed.problems.length > 0) return { text, problems: [] };
  const before = readStored(stored);
  const problems: Problem[] = [];
  const restored = replaceValues(text, (value, path) => {
    if (!isSecretMask(value)) return undefined;
    const secret = secretFor(value, path, before);
    if (secret === undefined) {
      const message = 'stands for no secret that is stored here; type the secret itself, or ${VARIABLE}';
      problems.push({ ...parsed.locate(path), key: formatKey(path), message });
    }
    return secret;
  });
  return { text: restored, problems };
}
