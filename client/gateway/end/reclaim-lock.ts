/** Cleans up after a gateway that died: its children, its control socket and its locks. See docs/adr/0001-lock.md. */
import { lstatSync, rmSync } from 'node:fs';
import { newId } from '../../../shared/ids.js';
import { GatewayError } from '../../../shared/errors.js';
import { acquireLock, releaseLock } from '../../../shared/node/files/lock.js';
import { isLockRecord, type LockContent, type LockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { classifyProcess, readIdentity } from '../../../shared/node/process/process-identity.js';
import { sweepChildren } from '../../../shared/node/process/sweep-children.js';
import { findPortOwners } from '../../ports/port-owner.js';
import type { AnsweringGateway } from '../locate-gateway.js';
import { watchGateway } from '../wait-ready.js';

/** A predecessor whose successor has died takes the lock back within this time. */
export const TAKE_BACK_MS = 2_000;

function heldError(): GatewayError {
  return new GatewayError('LOCK_HELD', { message: 'another process has the lock by now' });
}

/**
 * Takes the locks of a dead gateway as a start does, so that no start can interfere, cleans up, and releases them. Leaves them alone
 * when the gateway has released its lock itself or another process has taken it.
 * @returns the gateway that runs in its place: a predecessor takes everything back when its successor is killed
 */
export async function reclaimLock(paths: GatewayPaths, dead: LockRecord): Promise<AnsweringGateway | undefined> {
  const own: LockRecord = { ...dead, ...readIdentity(), instanceId: newId('gw'), createdAt: new Date().toISOString(), children: [] };
  if (await takeFrom(dead, paths.lockPath, own)) {
    try {
      const hasData = await takeFrom(dead, paths.dataLockPath, own);
      removeSocket(dead.controlPath);
      if (hasData) release(paths.dataLockPath, own);
    } finally {
      release(paths.lockPath, own);
    }
  }
  return findHeir(paths, dead);
}

/**
 * A predecessor keeps the listening socket until it leaves, so where nobody listens there is none. A younger gateway is no predecessor:
 * somebody else has started it.
 */
async function findHeir(paths: GatewayPaths, { host, port, createdAt }: LockRecord): Promise<AnsweringGateway | undefined> {
  if (findPortOwners(host, port).length === 0) return undefined;
  const now = await watchGateway(paths, (location) => (location.kind === 'answers' ? location : undefined), TAKE_BACK_MS);
  return now !== undefined && now.status.startedAt < createdAt ? now : undefined;
}

/** @returns false when the lock is not, or no longer, that of the dead gateway */
async function takeFrom(dead: LockRecord, path: string, own: LockRecord): Promise<boolean> {
  const isDead = (lock: LockContent | 'absent'): boolean =>
    isLockRecord(lock) && lock.instanceId === dead.instanceId && classifyProcess(lock) === 'dead';
  if (!isDead(readLock(path))) return false;
  try {
    await acquireLock(path, `${JSON.stringify(own, null, 2)}\n`, {
      now: () => Date.now(),
      findHolder: (lock) => Promise.resolve(isDead(lock) ? undefined : own),
      onHeld: () => Promise.reject(heldError()),
      beforeReclaim: async (lock) => {
        if (isLockRecord(lock)) await sweepChildren(lock);
      },
    });
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'LOCK_HELD') return false;
    throw error;
  }
}

function release(path: string, own: LockRecord): void {
  releaseLock(path, ({ instanceId }) => instanceId === own.instanceId);
}

/** A Windows named pipe ends with its process. */
function removeSocket(path: string): void {
  if (process.platform !== 'win32' && lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}
