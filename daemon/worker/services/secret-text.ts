/** The text of a configuration file without its secrets, and back: each stands as its mask, on the line where it is. */
import { parseJsonc, replaceValues } from '../../../shared/config/jsonc.js';
import { formatKey, type KeyPath, valueAt } from '../../../shared/config/key-path.js';
import { isSecretMask, maskOf } from '../../../shared/config/secret-mask.js';
import type { Problem } from '../../../shared/errors.js';

/** @param text  must be readable JSONC */
export function maskText(text: string): string {
  return replaceValues(text, (value, path) => {
    const mask = maskOf(value, path);
    return mask === undefined ? undefined : `{ "$secret": true, "hint": ${JSON.stringify(mask.hint)} }`;
  });
}

/** A mask that was changed, or moved, stands for nothing. */
function secretFor(mask: unknown, path: KeyPath, current: unknown): string | undefined {
  const secret = valueAt(current, path);
  if (secret === undefined || maskOf(secret, path)?.hint !== (mask as { hint?: unknown }).hint) return undefined;
  return JSON.stringify(secret);
}

/** @param current  the document as it is now, secrets in it */
export function restoreText(text: string, current: unknown): { text: string; problems: readonly Problem[] } {
  const parsed = parseJsonc(text);
  // Nothing to restore in what cannot be read; whoever writes it says what is wrong.
  if (parsed.problems.length > 0) return { text, problems: [] };
  const problems: Problem[] = [];
  const restored = replaceValues(text, (value, path) => {
    if (!isSecretMask(value)) return undefined;
    const secret = secretFor(value, path, current);
    if (secret === undefined) {
      const message = 'stands for no secret that is stored here; type the secret itself, or ${VARIABLE}';
      problems.push({ ...parsed.locate(path), key: formatKey(path), message });
    }
    return secret;
  });
  return { text: restored, problems };
}
