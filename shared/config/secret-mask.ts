/**
 * How a secret of a configuration document is shown: as an object that names it without telling it, never as a text
 * that could be sent back for the secret itself. Sent back, the object means "keep what is there".
 */
import type { KeyPath } from './key-path.js';
import { isSecret, VARIABLE_REFERENCE } from './secret-names.js';

export interface SecretMask {
  readonly $secret: true;
  /** `…` and the last 4 characters, where the secret is long enough for that. */
  readonly hint: string;
}

/** From this length on the last characters may be shown without giving the secret away. */
const HINT_FROM_LENGTH = 16;
const HINT_LENGTH = 4;

function hasCredentials(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(text)) return false;
  return !URL.canParse(text) || new URL(text).password !== '' || new URL(text).username !== '';
}

function mustBeHidden(value: unknown, path: KeyPath): boolean {
  if (typeof value === 'string' && VARIABLE_REFERENCE.test(value)) return false;
  return isSecret(value, path) || (typeof value === 'string' && hasCredentials(value));
}

function mask(secret: string): SecretMask {
  return { $secret: true, hint: secret.length < HINT_FROM_LENGTH ? '…' : `…${secret.slice(-HINT_LENGTH)}` };
}

/** A copy of a plain JSON value with every secret masked. */
export function maskSecrets(value: unknown, path: KeyPath = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => maskSecrets(item, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskSecrets(item, [...path, key])]));
  }
  return mustBeHidden(value, path) ? mask(String(value)) : value;
}

/** The mask of a value that must be hidden; undefined for any other. */
export function maskOf(value: unknown, path: KeyPath): SecretMask | undefined {
  const isLeaf = typeof value !== 'object' || value === null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return isLeaf && mustBeHidden(value, path) ? mask(text) : undefined;
}

/** Whether a value is a mask: whatever has `$secret` is one, so that a damaged one is never stored. */
export function isSecretMask(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$secret');
}
