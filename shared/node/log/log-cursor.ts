/** A position in the log that stays valid across rotations: plain data inside, an opaque text for callers. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../../errors.js';
import type { OpenGeneration } from './log-generations.js';

export interface LogPosition {
  readonly fileId: string;
  /** Bytes from the start of that file. */
  readonly offset: number;
}

/** A new file may reuse the inode, so the first bytes show whether it is still the same file. */
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

/** Returns an opaque text for everything before byte `offset` of the file, and every older file. */
export async function encodeCursor(file: OpenGeneration, offset: number): Promise<string> {
  const headBytes = Math.min(FINGERPRINT_BYTES, Number(file.stats.size));
  return encode([file.id, offset, headBytes, await hashHead(file, headBytes)]);
}

/** Returns a position as an opaque text. Unlike a cursor it is not checked against the file. */
export function encodePosition({ fileId, offset }: LogPosition): string {
  return encode([fileId, offset]);
}

/** @throws INVALID_REQUEST when {@link encodePosition} did not make the text */
export function decodePosition(text: string, name: 'from' | 'to' = 'from'): LogPosition {
  const [fileId, offset, ...rest] = decode(text);
  if (typeof fileId === 'string' && isWhole(offset, Number.MAX_SAFE_INTEGER) && rest.length === 0) return { fileId, offset };
  throw invalid(name, text);
}

/** @throws INVALID_REQUEST when {@link encodeCursor} did not make the text */
export function decodeCursor(text: string): Cursor {
  const [fileId, offset, headBytes, headHash] = decode(text);
  const isPosition = typeof fileId === 'string' && isWhole(offset, Number.MAX_SAFE_INTEGER);
  if (isPosition && isWhole(headBytes, FINGERPRINT_BYTES) && typeof headHash === 'string') return { fileId, offset, headBytes, headHash };
  throw invalid('cursor', text);
}

function encode(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([VERSION, ...parts])).toString('base64url');
}

/** Returns no parts when the text has another form or version. */
function decode(text: string): unknown[] {
  try {
    const [version, ...parts] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    return version === VERSION ? parts : [];
  } catch {
    return []; // not JSON, or no list
  }
}

function invalid(name: string, text: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `invalid ${name} '${text.slice(0, 40)}'`,
    hint: `Start again without ${name}.`,
  });
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

/** Whether the cursor belongs to this file. */
export async function isCursorOf(cursor: Cursor, file: OpenGeneration): Promise<boolean> {
  return (
    cursor.fileId === file.id && cursor.offset <= Number(file.stats.size) && (await hashHead(file, cursor.headBytes)) === cursor.headHash
  );
}
