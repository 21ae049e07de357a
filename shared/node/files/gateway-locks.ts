/** Finds the gateways of one home by the locks that they hold or have left. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../errors.js';
import type { GatewayPaths } from '../process/paths.js';
import type { LockHolder } from './lock.js';
import { type LockRecord, readLock } from './lock-record.js';
import { pathWord } from '../path-word.js';
import { shellCommand } from '../../text/shell-word.js';
import { ifPresent } from './if-present.js';

/** The paths by which one gateway is found, like those of its configuration. */
export interface GatewayLockFile {
  readonly lockPath: string;
  readonly controlPath: string;
  readonly record: LockRecord;
}

/** Lists the readable locks of living and dead gateways. */
export function listGatewayLocks({ lockDir }: Pick<GatewayPaths, 'lockDir'>): GatewayLockFile[] {
  return lockNames(lockDir).flatMap((name) => {
    const lockPath = join(lockDir, name);
    const record = readLock(lockPath);
    return record === undefined ? [] : [{ lockPath, controlPath: record.controlPath, record }];
  });
}

/** Lists the locks of gateways whose configuration is the same file under another path: a link, or another spelling. */
export function listAliases(paths: Pick<GatewayPaths, 'lockDir' | 'lockPath' | 'configPath'>): GatewayLockFile[] {
  const own = fileId(paths.configPath);
  if (own === undefined) return [];
  return listGatewayLocks(paths).filter(({ lockPath, record }) => lockPath !== paths.lockPath && fileId(record.configPath) === own);
}

function lockNames(directory: string): string[] {
  const names = ifPresent(() => readdirSync(directory)) ?? [];
  return names.filter((name) => /^gateway\.[0-9a-f]{16}\.lock$/.test(name));
}

/** Device and inode of the file that a path names; undefined when it does not exist or cannot be inspected. */
function fileId(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** What a start suggests about a gateway that already runs. */
const REPLACE = { what: 'Replace it with', command: 'xopc gateway --force' } as const;

/**
 * Returns the error of a command for `configPath` that finds a running gateway, possibly under another path of the same file.
 * @param action  what to do about it; default: replace it
 */
export function alreadyRuns(holder: LockHolder, configPath: string, action: { what: string; command: string } = REPLACE): GatewayError {
  const { pid, port, host, instanceId, createdAt } = holder;
  const isAlias = holder.configPath !== '' && holder.configPath !== configPath;
  const of = (command: string): string => (isAlias ? `${command} --config ${pathWord(holder.configPath)}` : command);
  return new GatewayError('LOCK_HELD', {
    message: `a gateway already runs for this configuration${isAlias ? ` as ${holder.configPath}` : ''}: pid ${pid} on port ${port}`,
    details: { pid, port, host, configPath: holder.configPath, instanceId, ...(createdAt === undefined ? {} : { createdAt }) },
    hint: `See it with: ${of('xopc gateway status')}   ${action.what}: ${of(action.command)}`,
  });
}

/**
 * Returns the error for a data lock that was copied with its directory while a gateway ran: it names another directory, which has the same
 * lock. The copied lock still counts as held: nothing proves that its gateway does not use this directory too, for example because homes were
 * renamed or mounted elsewhere (docs/adr/0001-lock.md, "Copies").
 * @returns undefined for a lock that does not look like a copy
 */
export function copiedLockError(dataLockPath: string): GatewayError | undefined {
  const lock = readLock(dataLockPath);
  if (lock === undefined || lock.dataDir === '') return undefined;
  const [here, there] = [fileId(dirname(dataLockPath)), fileId(lock.dataDir)];
  if (here === undefined || there === undefined || here === there) return undefined;
  const original = readLock(join(lock.dataDir, basename(dataLockPath)));
  if (original?.instanceId !== lock.instanceId) return undefined;
  const { pid, port, configPath, instanceId, dataDir } = lock;
  return new GatewayError('LOCK_HELD', {
    message: `${dirname(dataLockPath)} contains the lock of the gateway that runs with ${dataDir} (${configPath}, pid ${pid}), so it looks like a copy`,
    details: { pid, port, configPath, instanceId, dataDir },
    hint: `If it is a copy, and that gateway does not use it, remove the copied lock: ${shellCommand`rm ${dataLockPath}`}   The database of a copy made while a gateway runs may be damaged. To copy a home safely: xopc backup`,
  });
}
