/** Reads `store.url`: the location of the database, and its name without the password. */
import { decodeComponent } from '../../text/decode-component.js';

/** Returns `store.url` of a document that may be invalid; undefined for SQLite in the home. */
export function databaseUrlOf(document: unknown): string | undefined {
  const { store } = (document ?? {}) as { store?: unknown };
  const { url } = (typeof store === 'object' && store !== null ? store : {}) as { url?: unknown };
  return typeof url === 'string' ? url : undefined;
}

/** Returns a URL without user, password and settings, such as `postgres://db.example:5432/xopc`. */
export function placeOfDatabase(url: string): string {
  if (!URL.canParse(url)) return 'the database of store.url';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${decodeComponent(host)}${pathname}`;
}
