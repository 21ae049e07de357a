/**
 * The one lock between processes: a file whose complete content is linked into place. A dead holder's file is replaced without a
 * race, and only a living holder removes its own. docs/adr/0001-lock.md describes the protocol and why each step is safe against
 * `kill -9`.
 */
import { createHash } from 'node:crypto';
import { linkSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../errors.js';
import { classifyProcess } from '../process/process-identity.js';
import { removeAbandonedTemps, removeTemp, temporaryName } from './temporary-file.js';
import { inspectLock, isLockRecord, lockAgeMs, type LockContent, type LockRecord, type LockState, readLock } from './lock-record.js';

/** The state of a living holder. */
export type LockHolder = Pick<LockRecord, 'pid' | 'port' | 'host' | 'configPath' | 'instanceId'> & { readonly createdAt?: string };

export interface LockRules {
  /** The living holder; undefined when it is dead. */
  findHolder(lock: LockContent): Promise<LockHolder | undefined>;
  /** Called by the one process that may replace a dead lock, right before it does so. */
  beforeReclaim?(lock: LockContent): Promise<void>;
  /** Called when a living process holds the lock or is replacing a dead one. Throws, or resolves when it is time to try again. */
  onHeld(holder: LockHolder): Promise<void>;
  /** Epoch milliseconds. */
  now(): number;
}

const MAX_ROUNDS = 100;
/** Age limit for a claim of another machine or container; longer than an inspection and a reclaim take. */
const FOREIGN_CLAIM_MS = 15_000;

/**
 * Whether the process named by a lock or claim is alive. A pid on another machine or in another container cannot be checked; then
 * the file's age decides.
 */
export function isHolderAlive(path: string, record: LockRecord, foreign: { readonly limitMs: number; readonly nowMs: number }): boolean {
  const verdict = classifyProcess(record);
  return verdict === 'foreign' ? lockAgeMs(path, foreign.nowMs) < foreign.limitMs : verdict === 'alive';
}

/**
 * Takes the lock, replacing a dead holder's.
 * @returns the lock that was replaced, if there was one
 * @throws the errors of `rules.onHeld`; LOCK_HELD when the lock keeps changing owner; CONFIG_INVALID when a directory is in its place
 */
export async function acquireLock(path: string, content: string, rules: LockRules): Promise<LockContent | undefined> {
  const temp = temporaryName(path);
  try {
    writeFileSync(temp, content, { mode: 0o600, flag: 'wx' });
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const outcome = tryLink(temp, path) ? undefined : await reclaim(path, temp, { content, rules });
      if (outcome === 'changed') continue;
      if (outcome === undefined || !('holder' in outcome)) {
        removeClaims(path);
        return outcome?.replaced;
      }
      await rules.onHeld(outcome.holder);
      round = 0;
    }
    throw new GatewayError('LOCK_HELD', { message: `the lock ${path} changes owner too often`, hint: 'Try again.' });
  } finally {
    // Once the lock is ours, nothing may throw: the caller would not know that it holds the lock.
    removeTemp(temp);
    removeAbandonedTemps(dirname(path), rules.now());
  }
}

/** Writes our own lock; a reader never sees a partial lock. */
export function replaceLock(path: string, content: string): void {
  const temp = temporaryName(path);
  try {
    writeFileSync(temp, content, { mode: 0o600, flag: 'wx' });
    renameSync(temp, path);
  } catch (error) {
    removeTemp(temp);
    throw error;
  }
}

/**
 * Removes our own lock. Nobody replaces the lock of a living holder, so it cannot change between check and removal.
 * @throws the file system's error; the lock may still be there
 */
export function releaseLock(path: string, isOurs: (record: LockRecord) => boolean): void {
  const state = inspectLock(path);
  if (state !== 'absent' && isLockRecord(state.lock) && isOurs(state.lock)) unlinkSync(path);
}

type Outcome = 'changed' | { readonly replaced: LockContent } | { readonly holder: LockHolder };

/** Replaces an existing lock if its holder is dead. */
async function reclaim(path: string, temp: string, { content, rules }: { content: string; rules: LockRules }): Promise<Outcome> {
  // Holder and content come from one read: a lock replaced between two reads would be mistaken for the dead one.
  const seen = inspectLock(path);
  if (seen === 'absent') return 'changed';
  const holder = await rules.findHolder(seen.lock);
  if (holder !== undefined) return { holder };
  const isUnchanged = (): boolean => {
    const now = inspectLock(path);
    return now !== 'absent' && now.bytes.equals(seen.bytes);
  };
  const claim = claimReclaim(`${path}.reclaim.${keyOf(seen)}`, temp, rules.now());
  if (typeof claim !== 'string') return isUnchanged() ? { holder: claim } : 'changed';
  try {
    // A reclaim that finished between our check and our claim has changed the lock.
    if (isUnchanged()) await rules.beforeReclaim?.(seen.lock);
    if (isUnchanged()) {
      if (!isLockRecord(seen.lock)) keepCopy(path);
      replaceLock(path, content);
      return { replaced: seen.lock };
    }
  } catch (error) {
    removeTemp(claim);
    throw error;
  }
  removeTemp(claim);
  return 'changed';
}

/**
 * Takes the exclusive right to replace one dead lock: numbered claim files, each linked into place; the next number is free once
 * the holder of the previous one is dead. @returns the claim's path, or the living process that holds the right
 */
function claimReclaim(prefix: string, temp: string, nowMs: number): string | LockRecord {
  for (let number = 1; ; number += 1) {
    const claim = `${prefix}.${number}`;
    if (tryLink(temp, claim)) return claim;
    const holder = readLock(claim);
    if (holder !== undefined && isHolderAlive(claim, holder, { limitMs: FOREIGN_CLAIM_MS, nowMs })) return holder;
  }
}

/** A name for exactly this content, the same in every process: 16 hex digits. */
function keyOf({ bytes }: LockState): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
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

function keepCopy(path: string): void {
  rmSync(`${path}.bad`, { force: true });
  tryLink(path, `${path}.bad`);
}

/**
 * Removes claims on earlier contents of the lock. Their holders find the lock changed and give up. Never throws; the next holder
 * tries again.
 */
function removeClaims(path: string): void {
  const prefix = `${basename(path)}.reclaim.`;
  try {
    for (const name of readdirSync(dirname(path))) if (name.startsWith(prefix)) removeTemp(join(dirname(path), name));
  } catch {
    // These claims name contents that the lock no longer has.
  }
}
