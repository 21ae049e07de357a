/** A lock as a supervisor leaves it, for a home of the test's own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import { resolvePaths, type GatewayPaths } from '../../shared/node/process/paths.js';
import { readIdentity } from '../../shared/node/process/process-identity.js';
import { tempDir } from './temp-dir.js';

export function testPaths(home = tempDir(), name = 'config.json'): GatewayPaths {
  return resolvePaths({ home, runtimeDir: home, configPath: join(home, name) });
}

/** The record of the process `pid`, which must live; `change` makes it another. */
export function lockRecord(paths: GatewayPaths, pid: number, change: Partial<LockRecord> = {}): LockRecord {
  return {
    ...readIdentity(pid),
    createdAt: '2020-01-01T00:00:00.000Z',
    configPath: paths.configPath,
    instanceId: 'gw_1',
    host: '127.0.0.1',
    port: 18_790,
    controlPath: paths.controlPath,
    version: '1.2.3',
    home: paths.home,
    dataDir: paths.dataDir,
    children: [],
    ...change,
  };
}

export function writeLock(paths: GatewayPaths, record: LockRecord): LockRecord {
  mkdirSync(dirname(paths.lockPath), { recursive: true, mode: 0o700 });
  writeFileSync(paths.lockPath, JSON.stringify(record), { mode: 0o600 });
  return record;
}
