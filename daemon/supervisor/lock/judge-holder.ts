/** Whether the process that a lock names still lives; see docs/adr/0001-lock.md, "Judge". */
import type { StatusDocument } from '../../../shared/control/messages.js';
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import { bootId, judgeProcess } from '../../../shared/node/process/process-identity.js';
import { lockAgeMs } from './inspect-lock.js';

/** Who answers on a control socket. */
export type ControlIdentity = Pick<StatusDocument, 'instanceId' | 'pid' | 'port' | 'host' | 'configPath'>;

export interface LockWorld {
  /** Who answers on that control socket; undefined: nobody. */
  probe(controlPath: string): Promise<ControlIdentity | undefined>;
  pause(delayMs: number): Promise<void>;
  now(): number;
}

export type Holder = 'alive' | 'dead';

/** A holder on another machine renews its lock every 30 s; an older lock than this is a dead one's. */
const FOREIGN_LEASE_MS = 90_000;
/** A holder in another pid namespace may have taken the lock just now and not answer on its control socket yet. */
const FOREIGN_START = { limitMs: 3_000, stepMs: 100 } as const;
/** Longer than a start needs from its first look at a lock to the end of a reclaim. */
const FOREIGN_CLAIM_MS = 15_000;

export async function judgeHolder(path: string, record: LockRecord, world: LockWorld): Promise<Holder> {
  const verdict = judgeProcess(record);
  if (verdict !== 'foreign') return verdict;
  const answers = async (): Promise<boolean> => (await world.probe(record.controlPath))?.instanceId === record.instanceId;
  if (await answers()) return 'alive';
  // Another container of this kernel would answer on the shared socket; another machine cannot, so its lease decides.
  const isSameKernel = record.bootId !== null && record.bootId === bootId();
  if (!isSameKernel) return lockAgeMs(path, world.now()) < FOREIGN_LEASE_MS ? 'alive' : 'dead';
  for (let leftMs: number = FOREIGN_START.limitMs; leftMs > 0; leftMs -= FOREIGN_START.stepMs) {
    if (lockAgeMs(path, world.now()) >= FOREIGN_START.limitMs) return 'dead';
    await world.pause(FOREIGN_START.stepMs);
    if (await answers()) return 'alive';
  }
  return 'dead';
}

/** Of the holder of a claim. It answers on no socket yet: where its pid says nothing here, its age decides. */
export function judgeClaimant(path: string, record: LockRecord, world: Pick<LockWorld, 'now'>): Holder {
  const verdict = judgeProcess(record);
  if (verdict !== 'foreign') return verdict;
  return lockAgeMs(path, world.now()) < FOREIGN_CLAIM_MS ? 'alive' : 'dead';
}
