/** The exclusive lock of one configuration and of its data. See docs/adr/0001-lock.md. */
import { utimesSync } from 'node:fs';
import { GatewayError } from '../../../shared/errors.js';
import { alreadyRuns, copiedLockError } from '../../../shared/node/files/gateway-locks.js';
import { acquireLock, releaseLock, replaceLock } from '../../../shared/node/files/lock.js';
import { isLockRecord, type LockContent, type LockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { classifyHolder, type LockWorld } from './lock-holder.js';

/** How often a holder renews its lock, as a sign of life for other machines. */
export const RENEW_MS = 30_000;

export interface GatewayLockDeps extends LockWorld {
  /** Ends the dead holder's children whose identity can be verified, and waits for their exit. */
  sweep(record: LockRecord): Promise<unknown>;
  log(message: string, details: Record<string, unknown>): void;
}

/** One lock for the configuration, one for its data; taken in this order. */
export type LockPaths = Pick<GatewayPaths, 'lockPath' | 'dataLockPath'>;

export class GatewayLock {
  readonly #paths: LockPaths;
  #record: LockRecord;
  #isHeld = true;

  constructor(paths: LockPaths, record: LockRecord) {
    this.#paths = paths;
    this.#record = record;
  }

  get record(): LockRecord {
    return this.#record;
  }

  get #files(): readonly string[] {
    return [this.#paths.lockPath, this.#paths.dataLockPath];
  }

  /** Rewrites our record. While the holder lives only the holder writes the lock, so this cannot race. */
  update(patch: Partial<LockRecord>): void {
    this.#record = { ...this.#record, ...patch };
    if (this.#isHeld) this.#write();
  }

  /** Renews the lease for machines that share this directory. A lock that was deleted by hand is written again. */
  renew(nowMs: number): void {
    if (!this.#isHeld) return;
    for (const path of this.#files) {
      try {
        utimesSync(path, nowMs / 1000, nowMs / 1000);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        replaceLock(path, serialize(this.#record));
      }
    }
  }

  /** From now on the successor writes the locks. */
  handOver(): void {
    this.#isHeld = false;
  }

  /** The successor died before it served; its lock is taken like any dead holder's. @throws LOCK_HELD when another start was faster */
  async takeBack(deps: GatewayLockDeps): Promise<void> {
    for (const path of this.#files) {
      const lock = readLock(path);
      const isOurs = lock !== undefined && this.#isOwn(lock);
      if (!isOurs) report(path, await acquire(path, this.#record, deps), deps);
    }
    this.#isHeld = true;
    this.#write();
  }

  /** Removes the locks that are still ours. Never throws. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const path of this.#files.toReversed()) {
      try {
        releaseLock(path, (record) => this.#isOwn(record));
      } catch {
        // It counts as a dead holder's lock as soon as this process has exited.
      }
    }
  }

  /**
   * The lock that a start inspects first is written last: if a successor dies between the two writes, this lock still names the
   * living predecessor.
   */
  #write(): void {
    for (const path of this.#files.toReversed()) replaceLock(path, serialize(this.#record));
  }

  #isOwn({ instanceId }: LockRecord): boolean {
    return instanceId === this.#record.instanceId;
  }
}

/** Takes both locks for `record`, reclaiming a dead holder's. @throws LOCK_HELD (details: who holds or reclaims it), CONFIG_INVALID */
export async function acquireGatewayLock(paths: LockPaths, record: LockRecord, deps: GatewayLockDeps): Promise<GatewayLock> {
  const replaced = await acquire(paths.lockPath, record, deps);
  report(paths.lockPath, replaced, deps);
  const lock = new GatewayLock(paths, record);
  try {
    const data = await acquire(paths.dataLockPath, record, deps);
    if (!isSameHolder(replaced, data)) report(paths.dataLockPath, data, deps);
  } catch (error) {
    lock.release();
    const isHeld = error instanceof GatewayError && error.code === 'LOCK_HELD';
    throw (isHeld ? copiedLockError(paths.dataLockPath) : undefined) ?? error;
  }
  return lock;
}

/** A successor takes the locks that its predecessor has just handed over. */
export function inheritLock(paths: LockPaths, record: LockRecord): GatewayLock {
  const lock = new GatewayLock(paths, record);
  lock.update({});
  return lock;
}

/** @returns the dead holder's lock that was replaced */
function acquire(path: string, record: LockRecord, deps: GatewayLockDeps): Promise<LockContent | undefined> {
  return acquireLock(path, serialize(record), {
    now: () => deps.now(),
    onHeld: (holder) => Promise.reject(alreadyRuns(holder, record.configPath)),
    async findHolder(lock) {
      // If the record cannot be read, the control socket shows whether its writer is alive.
      if (!isLockRecord(lock)) return deps.probe(record.controlPath);
      return (await classifyHolder(path, lock, deps)) === 'alive' ? lock : undefined;
    },
    async beforeReclaim(lock) {
      if (isLockRecord(lock)) await deps.sweep(lock);
    },
  });
}

function isSameHolder(a: LockContent | undefined, b: LockContent | undefined): boolean {
  return a !== undefined && b !== undefined && isLockRecord(a) && isLockRecord(b) && a.instanceId === b.instanceId;
}

function report(path: string, replaced: LockContent | undefined, deps: GatewayLockDeps): void {
  if (replaced === undefined) return;
  if (isLockRecord(replaced)) {
    deps.log('took over the lock of a dead gateway', { pid: replaced.pid, instanceId: replaced.instanceId });
  } else {
    deps.log('the lock could not be read; a copy is kept', { copy: `${path}.bad`, reason: replaced.unreadable });
  }
}

function serialize(record: LockRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
