/**
 * The content of a lock. It is only informative: ownership is proven by the process identity in it and by a control socket that
 * answers with the same instance id.
 */
import { lstatSync } from 'node:fs';
import { GatewayError } from '../../errors.js';
import { definedFields } from '../../fields.js';
import type { ProcessIdentity } from '../process/process-identity.js';
import { ifPresent } from './if-present.js';
import { readFileStart } from './file-start.js';

/** A holder on another machine renews its lock every 30 s. */
const FOREIGN_LEASE_MS = 90_000;

/** Identity of one process of this machine and boot: a pid with a different start time is another process and is never touched. */
export type KnownProcess = Pick<ProcessIdentity, 'pid' | 'startTime'>;

/** A process that the supervisor started and that a later start may have to end. */
export interface LockedChild extends KnownProcess {
  readonly role: 'worker' | 'fallback' | 'tool';
}

export interface LockRecord extends ProcessIdentity {
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly configPath: string;
  /** The supervisor's instance id, which `status` on the control socket also returns. Empty in a record that lacks it. */
  readonly instanceId: string;
  readonly host: string;
  /** 0 in a record that lacks it. */
  readonly port: number;
  readonly controlPath: string;
  readonly version: string;
  readonly home: string;
  /** Empty in a record written by a version that kept the data of every configuration in the home. */
  readonly dataDir: string;
  readonly children: readonly LockedChild[];
  /** The supervisor that this one has taken over from: while its process lives, it takes the lock back when this one dies. */
  readonly predecessor?: KnownProcess;
}

export type LockContent = LockRecord | { readonly unreadable: string };

export interface LockState {
  /** The file's content, or a description of its state if it cannot be read. Different contents have different bytes. */
  readonly bytes: Buffer;
  readonly lock: LockContent;
}

/** A real record has about 600 bytes. */
const MAX_LOCK_BYTES = 65_536;
const CHILD_ROLES: readonly string[] = ['worker', 'fallback', 'tool'] satisfies LockedChild['role'][];

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

function asProcess(value: unknown): KnownProcess | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTime } = value as Record<string, unknown>;
  return isPositiveInteger(pid) ? { pid, startTime: asTextOrNull(startTime) } : undefined;
}

function asChild(value: unknown): LockedChild | undefined {
  const known = asProcess(value);
  const role = known === undefined ? undefined : (value as Record<string, unknown>)['role'];
  if (known === undefined || typeof role !== 'string' || !CHILD_ROLES.includes(role)) return undefined;
  return { role: role as LockedChild['role'], ...known };
}

/** Checks a parsed record by hand; only `pid` is indispensable, unknown fields of a newer version are ignored. */
function asLockRecord(value: unknown): LockContent {
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
    dataDir: asText(fields['dataDir']),
    children: children
      .slice(0, 256)
      .map(asChild)
      .filter((child) => child !== undefined),
    ...definedFields({ predecessor: asProcess(fields['predecessor']) }),
  };
}

/** Narrows the parsed value to a record. */
export function isLockRecord(lock: LockContent): lock is LockRecord {
  return !('unreadable' in lock);
}

/** Reads a lock once. @throws CONFIG_INVALID for a directory in its place; LOCK_HELD when the file belongs to another user */
export function inspectLock(path: string): LockState | 'absent' {
  try {
    const entry = lstatSync(path);
    if (entry.isDirectory()) throw directoryError(path);
    const content = entry.isFile() ? readCapped(path) : 'not a regular file';
    if (typeof content !== 'string') return { bytes: content, lock: parseLock(content) };
    return { bytes: Buffer.from(`${entry.ino} ${entry.size} ${entry.mtimeMs}`), lock: { unreadable: content } };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    if (code === 'EACCES') throw foreignOwnerError(path);
    throw error;
  }
}

/** Returns the record in a lock; undefined when there is none that can be read. Never throws. */
export function readLock(path: string): LockRecord | undefined {
  try {
    const state = inspectLock(path);
    return state !== 'absent' && isLockRecord(state.lock) ? state.lock : undefined;
  } catch {
    return undefined;
  }
}

/** Milliseconds since the file was written or renewed; Infinity when there is none. */
export function lockAgeMs(path: string, nowMs: number): number {
  return nowMs - (ifPresent(() => lstatSync(path).mtimeMs) ?? -Infinity);
}

/** Whether a holder on another machine counts as alive. */
export function isLeased(path: string, nowMs: number): boolean {
  return lockAgeMs(path, nowMs) < FOREIGN_LEASE_MS;
}

/** @returns the content, or why it cannot be a lock */
function readCapped(path: string): Buffer | string {
  const { bytes } = readFileStart(path, MAX_LOCK_BYTES + 1);
  return bytes.length > MAX_LOCK_BYTES ? `more than ${MAX_LOCK_BYTES} bytes` : bytes;
}

function parseLock(content: Buffer): LockContent {
  try {
    return asLockRecord(JSON.parse(content.toString('utf8')));
  } catch {
    return { unreadable: 'not JSON' };
  }
}

function directoryError(path: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', {
    message: `a directory is in the place of the lock ${path}`,
    hint: 'It was not created by the gateway; move it away.',
  });
}

function foreignOwnerError(path: string): GatewayError {
  const uid = lstatSync(path).uid;
  return new GatewayError('LOCK_HELD', {
    message: `the lock ${path} belongs to another user (uid ${uid}) and cannot be read by this one`,
    details: { uid },
    hint: 'A gateway of that user ran with this home. Stop it as that user, or set XOPC_HOME to a separate home for this one.',
  });
}
