/** Runs a short section exclusively among processes, for files that are read, changed and written. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../errors.js';
import { readIdentity } from '../process/process-identity.js';
import { acquireLock, isHolderAlive, type LockRules, releaseLock } from './lock.js';
import { isLockRecord } from './lock-record.js';

const DEFAULT_WAIT_MS = 5_000;
const RETRY_MS = 15;
/** Interval between attempts to remove a lock that could not be removed. */
const RELEASE_AGAIN_MS = 200;
/** How long a lock of another machine or container, whose process cannot be checked, is respected. */
const FOREIGN_SECTION_MS = 90_000;

/**
 * Runs `section` while holding the lock at `path`. The directory must exist.
 * @param options.waitMs  how long to wait for another holder, default 5000.
 * @throws CONFLICT when another process keeps the lock for longer
 */
export async function withFileLock<T>(path: string, section: () => Promise<T>, options: { waitMs?: number } = {}): Promise<T> {
  const instanceId = randomUUID();
  await acquireLock(path, JSON.stringify({ ...readIdentity(), instanceId }), sectionRules(path, options.waitMs ?? DEFAULT_WAIT_MS));
  try {
    return await section();
  } finally {
    release(path, instanceId);
  }
}

/**
 * While a lock cannot be removed (no free descriptor, a failing disk), this process keeps trying; after its exit, the lock counts
 * as a dead process's.
 */
function release(path: string, instanceId: string): void {
  try {
    releaseLock(path, (record) => record.instanceId === instanceId);
  } catch {
    setTimeout(release, RELEASE_AGAIN_MS, path, instanceId).unref();
  }
}

function sectionRules(path: string, waitMs: number): LockRules {
  const deadlineMs = Date.now() + waitMs;
  return {
    now: Date.now,
    findHolder(lock) {
      const isHeld = isLockRecord(lock) && isHolderAlive(path, lock, { limitMs: FOREIGN_SECTION_MS, nowMs: Date.now() });
      return Promise.resolve(isHeld ? lock : undefined);
    },
    async onHeld({ pid }) {
      if (Date.now() >= deadlineMs) {
        throw new GatewayError('CONFLICT', {
          message: `process ${pid} has held ${path} for more than ${waitMs} ms`,
          hint: 'Try again, or check what that process is doing.',
        });
      }
      await delay(RETRY_MS); // sections take milliseconds, and there is no event to wait for across processes
    },
  };
}
