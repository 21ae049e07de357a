/** One look at a lock file: what it says, and a name for exactly this state of it. */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { GatewayError } from '../../../shared/errors.js';
import { asLockRecord, type LockRecord } from '../../../shared/node/files/lock-record.js';

export interface LockLook {
  /** The same dead lock has the same key for everyone, another state of it another one. 16 hex digits. */
  readonly key: string;
  readonly lock: LockRecord | { readonly unreadable: string };
}

/** A real record has about 600 bytes. */
const MAX_LOCK_BYTES = 65_536;

/** @throws CONFIG_INVALID for a directory in the lock's place; LOCK_HELD when the file is another user's */
export function lookAtLock(path: string): LockLook | 'absent' {
  try {
    const entry = lstatSync(path);
    if (entry.isDirectory()) throw directoryError(path);
    // Neither waits for a FIFO nor reads what nobody of us wrote.
    const oddity = entry.isFile() ? undefined : 'not a regular file';
    const unreadable = oddity ?? (entry.size > MAX_LOCK_BYTES ? `more than ${MAX_LOCK_BYTES} bytes` : undefined);
    if (unreadable !== undefined) return { key: keyOf(`${entry.ino} ${entry.size} ${entry.mtimeMs}`), lock: { unreadable } };
    const content = readFileSync(path);
    return { key: keyOf(content), lock: parse(content) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return 'absent';
    if (code === 'EACCES') throw foreignOwnerError(path);
    throw error;
  }
}

/** How long ago the file was written or renewed; a file that is gone is infinitely old. */
export function lockAgeMs(path: string, nowMs: number): number {
  try {
    return nowMs - lstatSync(path).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Infinity;
    throw error;
  }
}

function keyOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function parse(content: Buffer): LockLook['lock'] {
  try {
    return asLockRecord(JSON.parse(content.toString('utf8')));
  } catch {
    return { unreadable: 'not JSON' };
  }
}

function directoryError(path: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', {
    message: `a directory is in the place of the lock ${path}`,
    hint: 'The gateway did not make it: move it away.',
  });
}

function foreignOwnerError(path: string): GatewayError {
  const uid = lstatSync(path).uid;
  return new GatewayError('LOCK_HELD', {
    message: `the lock ${path} belongs to another user (uid ${uid}) and cannot be read by this one`,
    details: { uid },
    hint: 'A gateway of that user ran with this home. Stop it as that user, or give this one a home of its own with XOPC_HOME.',
  });
}
