/**
 * The exclusive lock of one configuration: a file whose complete content is linked into place, reclaimed without a
 * race when its holder is dead. See docs/adr/0001-lock.md for the protocol and why each step is safe at `kill -9`.
 */
import { linkSync, readdirSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../../shared/errors.js';
import { isLockRecord, readLock, type LockRecord } from '../../../shared/node/files/lock-record.js';
import { judgeClaimant, judgeHolder, type LockWorld } from './judge-holder.js';
import { lockAgeMs, lookAtLock } from './inspect-lock.js';

/** A holder on another machine renews its lock this often. */
export const RENEW_MS = 30_000;
const MAX_ROUNDS = 100;
const STALE_TEMP_MS = 60_000;

export interface LockDependencies extends LockWorld {
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

  /** Rewrites our record. Only the owner writes a lock whose owner lives, so this races with nobody. */
  update(patch: Partial<LockRecord>): void {
    this.#record = { ...this.#record, ...patch };
    if (this.#isHeld) replaceLock(this.path, this.#record);
  }

  /** Shows machines that share this directory that we live. A lock that was deleted by hand comes back. */
  renew(nowMs: number): void {
    if (!this.#isHeld) return;
    try {
      utimesSync(this.path, nowMs / 1000, nowMs / 1000);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      replaceLock(this.path, this.#record);
    }
  }

  /** The successor writes from now on. */
  handOver(): void {
    this.#isHeld = false;
  }

  /** The successor died before it served; its lock is taken like any dead holder's. @throws LOCK_HELD when another start was faster */
  async takeBack(deps: LockDependencies): Promise<void> {
    if (!isOurs(this.path, this.#record)) await acquireLock(this.path, this.#record, deps);
    this.#isHeld = true;
    replaceLock(this.path, this.#record);
  }

  /** Removes the lock if it is still ours. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (isOurs(this.path, this.#record)) unlinkSync(this.path);
  }
}

/** What one start brings to the lock. */
interface Attempt {
  readonly path: string;
  readonly record: LockRecord;
  /** Our complete record under a private name, ready to be linked. */
  readonly temp: string;
  readonly deps: LockDependencies;
}

/**
 * Takes the lock for `record`, reclaiming a dead holder's.
 * @throws LOCK_HELD (details: who holds it, or takes it over) when another process owns it; CONFIG_INVALID when something
 *   that is no file is in its place
 */
export async function acquireLock(path: string, record: LockRecord, deps: LockDependencies): Promise<GatewayLock> {
  const temp = tempPath(path, record);
  writeFileSync(temp, serialize(record), { mode: 0o600, flag: 'wx' });
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (!tryLink(temp, path) && !(await reclaim({ path, record, temp, deps }))) continue;
      removeClaims(path);
      return new GatewayLock(path, record);
    }
    throw new GatewayError('LOCK_HELD', { message: `the lock ${path} changes hands too fast`, hint: 'Try again.' });
  } finally {
    rmSync(temp, { force: true });
    removeStaleTemps(dirname(path), deps.now());
  }
}

/** A successor takes the lock that its predecessor has just handed over. */
export function inheritLock(path: string, record: LockRecord): GatewayLock {
  replaceLock(path, record);
  return new GatewayLock(path, record);
}

/** One look at a lock in the way. @returns whether it is ours now; false when it changed meanwhile. @throws LOCK_HELD */
async function reclaim(attempt: Attempt): Promise<boolean> {
  const { path, record, deps } = attempt;
  // Judged and named by the same bytes: a lock that is replaced between two reads would pass as the dead one.
  const seen = lookAtLock(path);
  if (seen === 'absent') return false;
  await refuseLiving(attempt, seen.lock);
  const isUnchanged = (): boolean => {
    const now = lookAtLock(path);
    return now !== 'absent' && now.key === seen.key;
  };
  const claim = claimReclaim(attempt, seen.key, isUnchanged);
  if (claim === undefined) return false;
  // Whoever finished a reclaim between our look and our claim has changed the lock.
  if (isUnchanged() && isLockRecord(seen.lock)) await deps.sweep(seen.lock);
  if (!isUnchanged()) {
    rmSync(claim, { force: true });
    return false;
  }
  if (isLockRecord(seen.lock)) {
    deps.log('took over the lock of a gateway that is gone', { pid: seen.lock.pid, instanceId: seen.lock.instanceId });
  } else {
    keepAside(path);
    deps.log('the lock could not be read; a copy is kept', { copy: `${path}.bad`, reason: seen.lock.unreadable });
  }
  replaceLock(path, record);
  return true;
}

/** @throws LOCK_HELD when the holder lives: by its record, or by its answer where the record cannot be read */
async function refuseLiving({ path, record, deps }: Attempt, lock: LockRecord | { unreadable: string }): Promise<void> {
  if (isLockRecord(lock)) {
    if ((await judgeHolder(path, lock, deps)) === 'alive') throw heldError(lock);
    return;
  }
  const answering = await deps.probe(record.controlPath);
  if (answering !== undefined) throw heldError(answering);
}

/**
 * The exclusive right to replace one dead lock: numbered claim files, each linked into place; the next number is only
 * open once the holder of the one before is dead. @returns the claim's path; undefined when the lock has changed meanwhile,
 * so that whoever holds a claim on its old state is about to drop it. @throws LOCK_HELD when a living process is at it
 */
function claimReclaim({ path, temp, deps }: Attempt, key: string, isUnchanged: () => boolean): string | undefined {
  for (let number = 1; ; number += 1) {
    const claim = `${path}.reclaim.${key}.${number}`;
    if (tryLink(temp, claim)) return claim;
    const holder = readLock(claim);
    if (!isLockRecord(holder) || judgeClaimant(claim, holder, deps) === 'dead') continue;
    if (!isUnchanged()) return undefined;
    throw heldError(holder);
  }
}

function heldError(holder: Pick<LockRecord, 'pid' | 'port' | 'host' | 'configPath' | 'instanceId'> & { createdAt?: string }): GatewayError {
  const { pid, port, host, configPath, instanceId, createdAt } = holder;
  return new GatewayError('LOCK_HELD', {
    message: `a gateway already runs for this configuration: pid ${pid} on port ${port}`,
    details: { pid, port, host, configPath, instanceId, ...(createdAt === undefined ? {} : { createdAt }) },
    hint: 'See it with: xopc gateway status   Replace it with: xopc gateway --force',
  });
}

function isOurs(path: string, record: LockRecord): boolean {
  const current = readLock(path);
  return isLockRecord(current) && current.instanceId === record.instanceId;
}

function serialize(record: LockRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

function tempPath(path: string, record: LockRecord): string {
  return join(dirname(path), `.${basename(path)}.${record.pid}.${record.instanceId}.tmp`);
}

function replaceLock(path: string, record: LockRecord): void {
  const temp = `${tempPath(path, record)}2`;
  writeFileSync(temp, serialize(record), { mode: 0o600 });
  renameSync(temp, path);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function keepAside(path: string): void {
  rmSync(`${path}.bad`, { force: true });
  tryLink(path, `${path}.bad`);
}

/** Claims on states of the lock that are over. Whoever holds one finds the lock changed and drops it. */
function removeClaims(path: string): void {
  const prefix = `${basename(path)}.reclaim.`;
  for (const name of readdirSync(dirname(path))) if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { force: true });
}

/** Leftovers of starts that were killed between write and unlink. */
function removeStaleTemps(directory: string, nowMs: number): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (/^\..*\.tmp2?$/.test(name) && lockAgeMs(path, nowMs) > STALE_TEMP_MS) rmSync(path, { force: true });
  }
}
