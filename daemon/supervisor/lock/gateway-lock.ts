/** The exclusive lock of one configuration. See docs/adr/0001-lock.md. */
import { utimesSync } from 'node:fs';
import { GatewayError } from '../../../shared/errors.js';
import { acquireLock, type LockHolder, releaseLock, replaceLock } from '../../../shared/node/files/lock.js';
import { isLockRecord, type LockRecord, readLock } from '../../../shared/node/files/lock-record.js';
import { classifyHolder, type LockWorld } from './lock-holder.js';

/** A holder renews its lock this often, for those on other machines. */
export const RENEW_MS = 30_000;

export interface GatewayLockDeps extends LockWorld {
  /** Ends the dead holder's children that can be proven and waits for their exit. */
  sweep(record: LockRecord): Promise<void>;
  log(message: string, details: Record<string, unknown>): void;
}

export class GatewayLock {
  readonly path: string;
  #record: LockRecord;
  #isHeld = true;

  constructor(path: string, record: LockRecord) {
    this.path = path;
    this.#record = record;
  }

  get record(): LockRecord {
    return this.#record;
  }

  /** Rewrites our record. Only the holder writes a lock whose holder lives, so this races with nobody. */
  update(patch: Partial<LockRecord>): void {
    this.#record = { ...this.#record, ...patch };
    if (this.#isHeld) replaceLock(this.path, serialize(this.#record));
  }

  /** Renews the lease for machines that share this directory. A lock that was deleted by hand is written again. */
  renew(nowMs: number): void {
    if (!this.#isHeld) return;
    try {
      utimesSync(this.path, nowMs / 1000, nowMs / 1000);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      replaceLock(this.path, serialize(this.#record));
    }
  }

  /** The successor writes from now on. */
  handOver(): void {
    this.#isHeld = false;
  }

  /** The successor died before it served; its lock is taken like any dead holder's. @throws LOCK_HELD when another start was faster */
  async takeBack(deps: GatewayLockDeps): Promise<void> {
    const lock = readLock(this.path);
    const isOurs = isLockRecord(lock) && this.#isOwn(lock);
    if (!isOurs) await acquire(this.path, this.#record, deps);
    this.#isHeld = true;
    replaceLock(this.path, serialize(this.#record));
  }

  /** Removes the lock if it is still ours. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    releaseLock(this.path, (record) => this.#isOwn(record));
  }

  #isOwn({ instanceId }: LockRecord): boolean {
    return instanceId === this.#record.instanceId;
  }
}

/** Takes the lock for `record`, reclaiming a dead holder's. @throws LOCK_HELD (details: who holds or reclaims it), CONFIG_INVALID */
export async function acquireGatewayLock(path: string, record: LockRecord, deps: GatewayLockDeps): Promise<GatewayLock> {
  await acquire(path, record, deps);
  return new GatewayLock(path, record);
}

/** A successor takes the lock that its predecessor has just handed over. */
export function inheritLock(path: string, record: LockRecord): GatewayLock {
  replaceLock(path, serialize(record));
  return new GatewayLock(path, record);
}

async function acquire(path: string, record: LockRecord, deps: GatewayLockDeps): Promise<void> {
  const replaced = await acquireLock(path, serialize(record), {
    now: () => deps.now(),
    onHeld: (holder) => Promise.reject(heldError(holder)),
    async findHolder(lock) {
      // Where the record cannot be read, the control socket says whether its writer lives.
      if (!isLockRecord(lock)) return deps.probe(record.controlPath);
      return (await classifyHolder(path, lock, deps)) === 'alive' ? lock : undefined;
    },
    async beforeReclaim(lock) {
      if (isLockRecord(lock)) await deps.sweep(lock);
    },
  });
  if (replaced === undefined) return;
  if (isLockRecord(replaced)) {
    deps.log('took over the lock of a dead gateway', { pid: replaced.pid, instanceId: replaced.instanceId });
  } else {
    deps.log('the lock could not be read; a copy is kept', { copy: `${path}.bad`, reason: replaced.unreadable });
  }
}

function heldError({ pid, port, host, configPath, instanceId, createdAt }: LockHolder): GatewayError {
  return new GatewayError('LOCK_HELD', {
    message: `a gateway already runs for this configuration: pid ${pid} on port ${port}`,
    details: { pid, port, host, configPath, instanceId, ...(createdAt === undefined ? {} : { createdAt }) },
    hint: 'See it with: xopc gateway status   Replace it with: xopc gateway --force',
  });
}

function serialize(record: LockRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
