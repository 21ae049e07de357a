/** A directory with room for a lock, and what taking the lock does to the world around it. */
import { join } from 'node:path';
import { acquireGatewayLock, type GatewayLock, type GatewayLockDeps, type LockPaths } from '../../daemon/supervisor/lock/gateway-lock.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import { readIdentity } from '../../shared/node/process/process-identity.js';
import { deadRecord } from './lock-takers.js';
import { tempDir } from './temp-dir.js';

export interface LockedWorld {
  /** The lock of the configuration. */
  readonly path: string;
  readonly paths: LockPaths;
  readonly directory: string;
  readonly swept: LockRecord[];
  readonly logged: string[];
  readonly deps: GatewayLockDeps;
  acquire(changes?: Partial<LockRecord>): Promise<GatewayLock>;
}

/** A record of this process. */
export const ownRecord = (changes: Partial<LockRecord> = {}): LockRecord =>
  deadRecord({ ...readIdentity(), instanceId: 'gw_own', ...changes });

export function lockWorld(changes: Partial<GatewayLockDeps> = {}): LockedWorld {
  const directory = tempDir();
  const path = join(directory, 'gateway.lock');
  const swept: LockRecord[] = [];
  const logged: string[] = [];
  const deps: GatewayLockDeps = {
    probe: () => Promise.resolve(undefined),
    pause: () => Promise.resolve(),
    sweep: (record) => Promise.resolve(void swept.push(record)),
    now: () => Date.now(),
    log: (message) => logged.push(message),
    ...changes,
  };
  const paths = { lockPath: path, dataLockPath: join(tempDir(), 'data.lock') };
  return { path, paths, directory, swept, logged, deps, acquire: (record) => acquireGatewayLock(paths, ownRecord(record), deps) };
}
