/** A position in the log that stays valid across rotations: plain data inside, an opaque text for callers. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../../errors.js';
import type { OpenGeneration } from './log-generations.js';

export interface LogPosition {
  readonly fileId: string;
  /** Bytes from the start of that file. */
  readonly offset: number;
}

/** An inode may be reused by a new file: the first bytes show whether it is still the same file. */
const FINGERPRINT_BYTES = 256;
const VERSION = 1;

interface Cursor extends LogPosition {
  readonly headBytes: number;
  readonly headHash: string;
}

async function hashHead(file: OpenGeneration, headBytes: number): Promise<string> {
  const head = Buffer.alloc(headBytes);
  const { bytesRead } = await file.handle.read(head, 0, headBytes, 0);
  return createHash('sha256').update(head.subarray(0, bytesRead)).digest('base64url').slice(0, 12);
}

/** Everything before byte `offset` of the file, and every older file. */
export async function encodeCursor(file: OpenGeneration, offset: number): Promise<string> {
  const headBytes = Math.min(FINGERPRINT_BYTES, Number(file.stats.size));
  const parts = [VERSION, file.id, offset, headBytes, await hashHead(file, headBytes)];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** A position as an opaque text. Unlike a cursor it is not checked against the file. */
export function encodePosition({ fileId, offset }: LogPosition): string {
  return Buffer.from(JSON.stringify([VERSION, fileId, offset])).toString('base64url');
}

/** @throws INVALID_REQUEST when the text is not a place of ours */
export function decodePosition(text: string): LogPosition {
  try {
    const [version, fileId, offset, ...rest] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    const isOurs = version === VERSION && typeof fileId === 'string' && rest.length === 0;
    if (isOurs && isWhole(offset, Number.MAX_SAFE_INTEGER)) return { fileId, offset };
  } catch {
    // Not JSON, or no list: not ours, as below.
  }
  throw notOurs('from', text);
}

function notOurs(name: string, text: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `${name} '${text.slice(0, 40)}' is not one that this gateway gave out`,
    hint: `Start again without a ${name}.`,
  });
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

/** @throws INVALID_REQUEST when the text is not a cursor of ours */
export function decodeCursor(text: string): Cursor {
  try {
    const [version, fileId, offset, headBytes, headHash] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    const isOurs = version === VERSION && typeof fileId === 'string' && typeof headHash === 'string';
    if (isOurs && isWhole(offset, Number.MAX_SAFE_INTEGER) && isWhole(headBytes, FINGERPRINT_BYTES)) {
      return { fileId, offset, headBytes, headHash };
    }
  } catch {
    // Not JSON, or no list: not ours, as below.
  }
  throw notOurs('cursor', text);
}

/** Whether the file is the one that the cursor was made for. */
export async function isCursorOf(cursor: Cursor, file: OpenGeneration): Promise<boolean> {
  return (
    cursor.fileId === file.id && cursor.offset <= Number(file.stats.size) && (await hashHead(file, cursor.headBytes)) === cursor.headHash
  );
}
