/** Classifies SQLite errors for the store. */

import { sayOfStore, type StoreReason } from '../../../../shared/text/sentences/store.js';
import type { StoreFault } from '../engine.js';

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const RESULT = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
} as const;

const UNAVAILABLE: ReadonlyMap<number, StoreReason> = new Map<number, StoreReason>([
  [RESULT.PERM, 'fault-permission'],
  [RESULT.BUSY, 'fault-locked-long'],
  [RESULT.LOCKED, 'fault-locked'],
  [RESULT.NOMEM, 'fault-memory'],
  [RESULT.READONLY, 'fault-read-only'],
  [RESULT.IOERR, 'fault-io'],
  [RESULT.FULL, 'fault-full'],
  [RESULT.CANTOPEN, 'fault-not-opened'],
  [RESULT.PROTOCOL, 'fault-lock-protocol'],
]);

/** Returns the primary result code; after a failed open the driver gives it only in the text. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const raw = (error as { rawCode?: unknown }).rawCode;
  // The low byte of an extended code is the primary one.
  if (typeof raw === 'number') return raw & 0xff;
  const inText = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message)?.[1];
  return inText === undefined ? undefined : Number(inText) & 0xff;
}

export function classifyFault(error: unknown): StoreFault {
  const code = resultCode(error);
  if (code === RESULT.CORRUPT || code === RESULT.NOTADB) return 'corrupt';
  if (code === RESULT.BUSY) return 'busy';
  return code !== undefined && UNAVAILABLE.has(code) ? 'unavailable' : 'other';
}

/** Returns the reason in words, for a message such as `… cannot be used: the disk is full`. */
export function describeFault(error: unknown): string {
  const words = UNAVAILABLE.get(resultCode(error) ?? -1);
  const text = error instanceof Error ? error.message : String(error);
  return words === undefined ? text : sayOfStore(words, { detail: text });
}
