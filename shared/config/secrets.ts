/**
 * Defines which values of the user's files are secret, how they are masked, and how a mask is recognised. In the API a mask is an
 * object; sending it back keeps the secret. People see a text, which is refused in place of a secret.
 */
import { decodeComponent } from '../text/decode-component.js';
import { rebuild } from './interpolate.js';
import type { KeyPath } from './key-path.js';

const SECRET_NAME = /(?:api[-_]?key|token|secret|passw(?:or)?d|passphrase|private[-_]?key|credentials?|authorization|cookie)$/i;
/** The URL of a hosted webhook is secret by its path, that of a database by its password. */
const URL_NAME = /^(?:listen)?url$/i;
/** Maps whose values are all secret: headers, and the environment of a program. */
const SECRET_MAP_NAME = /^(?:headers|env)$/i;
/** Maps whose keys are chosen by people: a server may be called `env`. */
const NAMED_OBJECTS = /^(?:mcp\.servers|channels\.[^.]+\.accounts|providers)$/;
/** Maps whose keys are tool names, such as `vault__read_secret`. */
const PERMISSIONS = /^agents\.(?:defaults|list\.\d+)\.permissions$/;
/** A value that only names a variable is not secret. */
const VARIABLE_REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/** From this length on, the last characters of a secret may be shown. */
const HINT_FROM_LENGTH = 16;
const HINT_LENGTH = 4;
/** A shorter URL path is not secret. */
const MIN_URL_PATH_LENGTH = 16;

/** Text that replaces a whole secret. */
export const HIDDEN_SECRET = '****';
/** From this length on, both ends of a token may be shown. */
const TOKEN_ENDS_FROM_LENGTH = 32;

export interface SecretMask {
  readonly $secret: true;
  /** `…` and the last 4 characters of a secret that is long enough. */
  readonly hint: string;
}

/** Whether a key of this name contains a secret typed by a person, such as a token. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);

/** Whether a key names a map whose values are all secret. */
export const isSecretMapName = (name: string): boolean => SECRET_MAP_NAME.test(name);

/** Whether the value of this key must not be shown, whatever it is. */
export const hidesValue = (name: string): boolean => SECRET_NAME.test(name) || URL_NAME.test(name) || isSecretMapName(name);

const nameAt = (path: KeyPath): string => String(path.findLast((segment) => typeof segment === 'string') ?? '');

const isInSecretMap = (path: KeyPath): boolean =>
  path.some((segment, index) => isSecretMapName(String(segment)) && !NAMED_OBJECTS.test(path.slice(0, index).join('.')));

/** Whether the value at a path may be a secret, by its name. */
export function isSecret(value: unknown, path: KeyPath): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  return isInSecretMap(path) || (hidesValue(nameAt(path)) && !PERMISSIONS.test(path.slice(0, -1).join('.')));
}

export const isVariableReference = (value: unknown): boolean => typeof value === 'string' && VARIABLE_REFERENCE.test(value);

function hasCredentials(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(value)) return false;
  return !URL.canParse(value) || new URL(value).password !== '' || new URL(value).username !== '';
}

function isHidden(value: unknown, path: KeyPath): boolean {
  return (isSecret(value, path) || hasCredentials(value)) && !isVariableReference(value);
}

/** Returns a plain JSON value with each secret replaced. The only code that searches documents for secrets. */
export function replaceSecrets(root: unknown, replace: (secret: string, path: KeyPath) => unknown, start: KeyPath = []): unknown {
  return rebuild(root, (value, path) => (isHidden(value, path) ? replace(String(value), path) : value), start).value;
}

function toMask(secret: string): SecretMask {
  // Half of a surrogate pair could not be stored again with the mask.
  const end = secret
    .slice(-HINT_LENGTH)
    .replace(/^[\uDC00-\uDFFF]/, '')
    .replace(/^[\uDC00-\uDFFF]/, '');
  return { $secret: true, hint: secret.length < HINT_FROM_LENGTH ? '…' : `…${end}` };
}

/** Returns `abc12345...xyz67890`; `****` for a token of fewer than 32 characters. */
export function maskToken(token: string): string {
  return token.length < TOKEN_ENDS_FROM_LENGTH ? HIDDEN_SECRET : `${token.slice(0, 8)}...${token.slice(-8)}`;
}

/** Masks of this gateway (`****`, `abc12345...xyz67890`, `…7890`, `[redacted]`) and of vendors' pages (`sk-...abcd`, `sk-proj-****`, `••••`). */
const MASK_TEXT = /^(?:\*+|\[redacted\]|\S{0,16}?(?:\*{3,}|\.{3,}|[\u2026\u2022\u25cf]+)\S{0,16})$/iu;

/** Returns the credentials of an `Authorization` header, or any other secret unchanged. */
const withoutScheme = (secret: string): string => secret.trim().replace(/^(?:bearer|basic)\s+/i, '');

/** Whether a text given as a secret is only a mask, also after `Bearer ` or as the password of a URL. */
export function isMaskText(text: string): boolean {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/:@]*:([^/]*)@/i.exec(text)?.[1];
  return MASK_TEXT.test(password ?? withoutScheme(text));
}

/** Returns a copy of a plain JSON value with every secret masked. */
export function maskSecrets(value: unknown, path: KeyPath = []): unknown {
  return replaceSecrets(value, toMask, path);
}

/** Returns the mask of a secret; undefined for any other value. */
export function maskOf(value: unknown, path: KeyPath): SecretMask | undefined {
  return isHidden(value, path) ? toMask(String(value)) : undefined;
}

/** Whether the value at a path is a mask, as an object or as a text in place of a secret. */
export function isMaskAt(value: unknown, path: KeyPath): boolean {
  if (typeof value !== 'string') return isSecretMask(value);
  return isHidden(value, path) && isMaskText(value);
}

/** Whether a value is a mask. Any object with `$secret` is one, so that a damaged mask is never stored. */
export function isSecretMask(value: unknown): value is { readonly hint?: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$secret');
}

/** Returns a mask as people see it: dots, followed by the end of the secret if the mask has it. */
export function showMask({ hint }: { readonly hint?: unknown }): string {
  return `••••${typeof hint === 'string' ? hint.replace('…', '') : ''}`;
}

/**
 * Returns the secret parts of a URL: its password, as written and as sent, and its path and query, with and without the leading
 * slash, because receivers quote both. Host and scheme stay readable in the log.
 */
function secretPartsOf(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { pathname, search, password } = new URL(url);
  const passwords = password === '' ? [] : [...new Set([password, decodeComponent(password)])];
  return pathname.length + search.length >= MIN_URL_PATH_LENGTH ? [...passwords, (pathname + search).slice(1)] : passwords;
}

/**
 * Returns the texts of all secrets in a document, for a redactor. Includes header credentials without their scheme, because others
 * quote them that way.
 */
export function findSecrets(document: unknown): string[] {
  const found: string[] = [];
  replaceSecrets(document, (secret, path) => {
    if (URL_NAME.test(nameAt(path)) && !isInSecretMap(path)) found.push(...secretPartsOf(secret));
    else found.push(...[...new Set([secret, withoutScheme(secret)])].filter((text) => !isVariableReference(text)));
  });
  return found;
}
