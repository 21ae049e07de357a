/** Which values of the user's files are secrets, by their names. */
import type { KeyPath } from './key-path.js';

export const SECRET_NAME = /(api_?key|token|secret|password|passwd|credentials?|authorization|cookie|^url)$/i;

/** Whether the value at a path may be a secret and must never be shown. Webhook URLs carry theirs in the path. */
export function isSecret(value: unknown, path: KeyPath): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  return path.includes('headers') || SECRET_NAME.test(String(path.findLast((segment) => typeof segment === 'string') ?? ''));
}

/** A value that only names a variable tells nothing. */
export const VARIABLE_REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;
