/**
 * Encodes texts so that every engine can store them. SQLite's drivers truncate a text at U+0000, and PostgreSQL rejects one, yet a
 * message must come back unchanged. So U+0000 is stored as an escape sequence.
 */
const ESCAPE = '\u001A';
const NUL = '\u0000';

/** The form to store, of a well-formed text. */
export function encodeText(text: string): string {
  if (!text.includes(NUL) && !text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll(NUL, `${ESCAPE}0`);
}

/** The reverse of {@link encodeText}. */
export function decodeText(stored: string): string {
  if (!stored.includes(ESCAPE)) return stored;
  return stored.replaceAll(`${ESCAPE}0`, NUL).replaceAll(`${ESCAPE}1`, ESCAPE);
}

/** Decodes the texts of a driver's fresh row in place. */
export function decodeRow<R>(row: Record<string, unknown>): R {
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value === 'string') row[name] = decodeText(value);
  }
  return row as R;
}

/** A parameter that both engines accept: flags are stored as 1 and 0. */
export function toBindable(value: unknown): string | number | bigint | Uint8Array | null {
  if (typeof value === 'string') return encodeText(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint' || value === null || value instanceof Uint8Array) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`a ${typeof value === 'number' ? value : typeof value} cannot be a SQL parameter`);
}
