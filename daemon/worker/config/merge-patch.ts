/**
 * A JSON merge patch (RFC 7396) as edits of a text, so that everything the patch does not name stays as written, including
 * comments. Masks (`secrets.ts`) keep their secrets.
 */
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../../../shared/errors.js';
import type { JsoncEdit } from '../../../shared/config/jsonc-edit.js';
import { showKey, type KeyPath } from '../../../shared/config/key-path.js';
import { isSecretMask, maskSecrets } from '../../../shared/config/secrets.js';
import { type Fields, isFields } from '../../../shared/fields.js';

function nothingToKeep(path: KeyPath): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `'${showKey(path)}' is a mask, but no secret is stored there`,
    details: { key: showKey(path) },
    hint: 'Send the secret itself.',
  });
}

/** A mask inside an array must match the secret at its index: items may have moved since the file was read. */
function keepInside(value: unknown, current: unknown, path: KeyPath): unknown {
  if (isSecretMask(value)) {
    if (!isDeepStrictEqual(maskSecrets(current, path), value)) throw nothingToKeep(path);
    return current;
  }
  if (Array.isArray(value))
    return value.map((item, index) => keepInside(item, Array.isArray(current) ? current[index] : undefined, [...path, index]));
  if (!isFields(value)) return value;
  const before = isFields(current) ? current : {};
  // Null has nothing to remove inside a value that is new or replaced as a whole.
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, keepInside(item, before[key], [...path, key])]));
}

/**
 * @param current  the document as written, `${VAR}` not replaced
 * @returns the edits that change anything, in the patch's order
 * @throws INVALID_REQUEST for a mask where there is no secret
 */
export function mergePatchEdits(current: Fields, patch: Fields, parent: KeyPath = []): JsoncEdit[] {
  return Object.entries(patch).flatMap(([key, value]): JsoncEdit[] => {
    const path = [...parent, key];
    const before = Object.hasOwn(current, key) ? current[key] : undefined;
    if (value === null) return before === undefined ? [] : [{ path, value: undefined }];
    if (isSecretMask(value)) {
      if (typeof before === 'string' || typeof before === 'number') return [];
      throw nothingToKeep(path);
    }
    if (isFields(value) && isFields(before)) return mergePatchEdits(before, value, path);
    const after = keepInside(value, before, path);
    return isDeepStrictEqual(before, after) ? [] : [{ path, value: after }];
  });
}
