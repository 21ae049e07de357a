/** Creates a configuration's data directory and records the configuration as its owner. */
import { dirname } from 'node:path';
import { GatewayError } from '../../errors.js';
import { createFile, ensureHomeDirectory, ensurePrivateDirectory } from '../files/atomic-file.js';
import { removeAbandonedTemps } from '../files/temporary-file.js';
import { ownerName } from './config-identity.js';
import { OWNER_VERSION, ownDataDir, ownerPathIn, readOwner } from './data-owner.js';
import { type GatewayPaths, withDataDir } from './paths.js';

/**
 * Creates the home, the data directory and its `state`, claims the directory for this configuration, and removes the temporary files of
 * killed processes.
 * @returns the paths to use from now on: another configuration may have claimed the home since they were resolved
 * @throws CONFIG_INVALID when a directory or record cannot be used
 */
export function claimPaths(paths: GatewayPaths): GatewayPaths {
  ensureHomeDirectory(paths.home);
  const name = ownerName(paths);
  const ownDirectory = ownDataDir(paths);
  for (const dataDir of new Set([paths.dataDir, ownDirectory])) {
    if (claim(dataDir, name) !== name) continue;
    const claimed = withDataDir(paths, dataDir);
    // Directories that are created only once are synced here, because no later write would do so.
    for (const directory of [claimed.stateDir, claimed.credentialsDir]) removeAbandonedTemps(directory);
    return claimed;
  }
  throw new GatewayError('CONFIG_INVALID', {
    message: `${ownerPathIn(ownDirectory)} names another configuration: ${readOwner(ownDirectory)}`,
    details: { path: ownerPathIn(ownDirectory) },
    hint: `The directory is that of ${paths.configPath}. Move the copied files away.`,
  });
}

/** @returns the owner after this call */
function claim(dataDir: string, name: string): string | undefined {
  for (const path of [dataDir, dirname(ownerPathIn(dataDir))]) ensurePrivateDirectory(path);
  const owner = readOwner(dataDir);
  if (owner !== undefined) return owner;
  createFile(ownerPathIn(dataDir), `${JSON.stringify({ v: OWNER_VERSION, configPath: name })}\n`);
  return readOwner(dataDir);
}
