/** Lists the gateways of one home: those with a lock, and the configurations that own data there. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type GatewayLockFile, listGatewayLocks } from '../../shared/node/files/gateway-locks.js';
import { GatewayError } from '../../shared/errors.js';
import { dataDirsOf, readOwner } from '../../shared/node/process/data-owner.js';
import { type GatewayPaths, resolveKnownPaths } from '../../shared/node/process/paths.js';
import { type GatewayLocation, locateGateway } from './locate-gateway.js';

export interface HomeGateway {
  readonly configPath: string;
  readonly dataDir: string;
  readonly location: GatewayLocation;
}

/** Finds the gateways of other configurations of the home that run or start. */
export async function findOthers(paths: Pick<GatewayPaths, 'lockDir' | 'lockPath'>): Promise<readonly GatewayLockFile['record'][]> {
  const others = listGatewayLocks(paths).filter(({ lockPath }) => lockPath !== paths.lockPath);
  const found = await Promise.all(others.map(async (other) => ((await locateGateway(other)).kind === 'absent' ? [] : [other.record])));
  return found.flat();
}

/**
 * Finds every running gateway of the home, and every configuration that owns data there or was requested.
 * @param paths  of the requested configuration, which is listed if it exists
 * @returns the gateways, and the owner records that cannot be used
 */
export async function listHomeGateways(
  paths: GatewayPaths,
  runtimeDir: string,
): Promise<{ gateways: HomeGateway[]; problems: readonly GatewayError[] }> {
  const { home } = paths;
  const asked = [paths.configPath, paths.databasePath].some((path) => existsSync(path)) ? [paths.configPath] : [];
  const { names, problems } = ownersIn(home);
  const known = [...names, ...asked].map((configPath) => resolveKnownPaths({ home, configPath, runtimeDir }).paths);
  const byLock = new Map(
    known.map((one) => [one.lockPath, one as Pick<GatewayPaths, 'configPath' | 'dataDir' | 'lockPath' | 'controlPath'>]),
  );
  for (const { lockPath, controlPath, record } of listGatewayLocks(paths)) {
    // A lock without a data directory was written by a version that kept all data in the home.
    if (!byLock.has(lockPath))
      byLock.set(lockPath, { lockPath, controlPath, configPath: record.configPath, dataDir: record.dataDir || home });
  }
  const found = await Promise.all([...byLock.values()].map(async (one) => ({ ...one, location: await locateGateway(one) })));
  const isFirst = (one: HomeGateway): number => (one.dataDir === home ? 0 : 1);
  const gateways = found
    .map(({ configPath, dataDir, location }) => ({ configPath, dataDir, location }))
    .toSorted((a, b) => isFirst(a) - isFirst(b) || a.configPath.localeCompare(b.configPath));
  return { gateways, problems };
}

/** The configurations that the home's owner records name. */
function ownersIn(home: string): { names: string[]; problems: GatewayError[] } {
  const problems: GatewayError[] = [];
  const names = dataDirsOf(home).flatMap((directory) => {
    try {
      const name = readOwner(directory);
      return name === undefined ? [] : [resolve(home, name)];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      problems.push(error);
      return [];
    }
  });
  return { names, problems };
}
