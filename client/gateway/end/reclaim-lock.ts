/** Cleans up after a gateway that died: its children, its control socket and its locks. See docs/adr/0001-lock.md. */
import { lstatSync, rmSync } from 'node:fs';
import { newId } from '../../../shared/ids.js';
import { GatewayError } from '../../../shared/errors.js';
import { acquireLock, releaseLock } from '../../../shared/node/files/lock.js';
import { isLockRecord, type LockContent, type LockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { classifyProcess, readIdentity } from '../../../shared/node/process/process-identity.js';
import { sweepChildren } from '../../../shared/node/process/sweep-children.js';
import type { AnsweringGateway, GatewayLocation } from '../locate-gateway.js';
import { watchGateway } from '../wait-ready.js';

/** A predecessor whose successor has died tries for so long to take the lock back. */
const HEIR_LIMIT_MS = 5_000;

function heldError(): GatewayError {
  return new GatewayError('LOCK_HELD', { message: 'another process has the lock by now' });
}

/**
 * Takes the locks of a dead gateway as a start does, so that no start can interfere, cleans up, and releases them. Leaves them alone
 * when the gateway has released its lock itself or another process has taken it.
 * @param heirLimitMs  how long to wait for a predecessor that lives
 * @returns the gateway that runs in its place: a predecessor takes everything back when its successor is killed
 * @throws CONTROL_UNREACHABLE when the predecessor lives and does not answer
 */
export async function reclaimLock(
  paths: GatewayPaths,
  dead: LockRecord,
  heirLimitMs = HEIR_LIMIT_MS,
): Promise<AnsweringGateway | undefined> {
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
  return findHeir(paths, dead, heirLimitMs);
}

/** Any other gateway that answers was started by somebody else. */
async function findHeir(paths: GatewayPaths, dead: LockRecord, limitMs: number): Promise<AnsweringGateway | undefined> {
  const { predecessor } = dead;
  if (predecessor === undefined || predecessor.startTime === null) return undefined;
  const isThere = (): boolean => classifyProcess({ ...dead, ...predecessor }) === 'alive';
  const check = (now: GatewayLocation): GatewayLocation | undefined => (now.kind === 'answers' || !isThere() ? now : undefined);
  const now = isThere() ? await watchGateway(paths, check, limitMs) : undefined;
  if (now?.kind === 'answers') return now.status.pid === predecessor.pid ? now : undefined;
  if (!isThere()) return undefined;
  throw new GatewayError('CONTROL_UNREACHABLE', {
    message: `the gateway has ended, but process ${predecessor.pid}, which it took over from, is still there and does not answer`,
    details: { pid: predecessor.pid },
    hint: `Inspect it with: ps -fp ${predecessor.pid}`,
  });
}

/** @returns false when the lock is not, or no longer, that of the dead gateway */
async function takeFrom(dead: LockRecord, path: string, own: LockRecord): Promise<boolean> {
  const isDead = (lock: LockContent | undefined): boolean =>
    lock !== undefined && isLockRecord(lock) && lock.instanceId === dead.instanceId && classifyProcess(lock) === 'dead';
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
