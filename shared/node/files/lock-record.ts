/**
 * The lock's content, as anybody may read it. It is information: who really owns the lock is proven by the process
 * identity in it and by the control socket that answers with the same instance id. Taking and giving it up is the
 * supervisor's.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ProcessIdentity } from '../process/process-identity.js';

/** A process that the supervisor started and that a later start may have to end. */
export interface LockedChild {
  readonly role: 'worker' | 'fallback' | 'successor';
  readonly pid: number;
  readonly startTime: string | null;
}

export interface LockRecord extends ProcessIdentity {
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly configPath: string;
  /** The supervisor's; the control socket's `status` answers with the same. Empty in a record that lacks it. */
  readonly instanceId: string;
  readonly host: string;
  /** 0 in a record that lacks it. */
  readonly port: number;
  readonly controlPath: string;
  readonly version: string;
  readonly home: string;
  readonly children: readonly LockedChild[];
}

/** A real record has about 600 bytes. */
const MAX_LOCK_BYTES = 65_536;
const CHILD_ROLES: readonly string[] = ['worker', 'fallback', 'successor'] satisfies LockedChild['role'][];

/** Reads a regular file of at most `MAX_LOCK_BYTES`; a FIFO or device in its place must not block us. */
function readCapped(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(fd).isFile()) throw new Error('not a regular file');
    const buffer = Buffer.alloc(MAX_LOCK_BYTES + 1);
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    if (length > MAX_LOCK_BYTES) throw new Error(`more than ${MAX_LOCK_BYTES} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asTextOrNull(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function isPositiveInteger(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function asChild(value: unknown): LockedChild | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { role, pid, startTime } = value as Record<string, unknown>;
  if (typeof role !== 'string' || !CHILD_ROLES.includes(role) || !isPositiveInteger(pid)) return undefined;
  return { role: role as LockedChild['role'], pid, startTime: asTextOrNull(startTime) };
}

/** Checks a parsed record by hand; only `pid` is indispensable, unknown fields of a newer version are ignored. */
export function asLockRecord(value: unknown): LockRecord | { unreadable: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { unreadable: 'not a JSON object' };
  const fields = value as Record<string, unknown>;
  if (!isPositiveInteger(fields['pid'])) return { unreadable: 'no process id' };
  const children = Array.isArray(fields['children']) ? fields['children'] : [];
  return {
    pid: fields['pid'],
    createdAt: asText(fields['createdAt']),
    configPath: asText(fields['configPath']),
    startTime: asTextOrNull(fields['startTime']),
    bootId: asTextOrNull(fields['bootId']),
    pidNamespace: asTextOrNull(fields['pidNamespace']),
    machineId: asTextOrNull(fields['machineId']),
    instanceId: asText(fields['instanceId']),
    host: asText(fields['host']),
    port: isPositiveInteger(fields['port']) && fields['port'] <= 65_535 ? fields['port'] : 0,
    controlPath: asText(fields['controlPath']),
    version: asText(fields['version']),
    home: asText(fields['home']),
    children: children
      .slice(0, 64)
      .map(asChild)
      .filter((child) => child !== undefined),
  };
}

/** Reads the lock at `path`. Never throws: what cannot be read is told as `unreadable` with the reason. */
export function readLock(path: string): LockRecord | 'absent' | { unreadable: string } {
  try {
    return asLockRecord(JSON.parse(readCapped(path)));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    return { unreadable: error instanceof SyntaxError ? 'not JSON' : (code ?? (error as Error).message) };
  }
}

/** Narrows {@link readLock}'s answer to a record. */
export function isLockRecord(lock: ReturnType<typeof readLock>): lock is LockRecord {
  return lock !== 'absent' && !('unreadable' in lock);
}
