/** Creates a configuration's data directory and records the configuration as its owner. */
import { dirname } from 'node:path';
import { GatewayError } from '../../errors.js';
import { ensureHomeDirectory, ensurePrivateDirectory } from '../files/atomic-file.js';
import { removeAbandonedTemps } from '../files/temporary-file.js';
import { ownerName } from './config-identity.js';
import { ownDataDir, problemOfOwner, readOwner } from './data-owner.js';
import { inspectOwner, ownerPathIn, recordOwner, replaceDamagedOwner } from './owner-record.js';
import { type GatewayPaths, withDataDir } from './paths.js';

/**
 * Creates the home, the data directory and its `state`, claims the directory for this configuration, and removes the temporary files of
 * killed processes.
 * @returns the paths to use from now on: another configuration may have claimed the home since they were resolved
 * @throws CONFIG_INVALID when a directory or record cannot be used
 */
export function claimPaths(paths: GatewayPaths): GatewayPaths {
  ensureHomeDirectory(paths.home);
  const claimed = tryClaim(paths, paths.dataDir);
  if (claimed !== undefined) return claimed;
  const ownDirectory = ownDataDir(paths);
  const own = ownDirectory === paths.dataDir ? undefined : tryClaim(paths, ownDirectory);
  if (own !== undefined) return own;
  throw new GatewayError('CONFIG_INVALID', {
    message: `${ownerPathIn(ownDirectory)} names another configuration: ${readOwner(ownDirectory)}`,
    details: { path: ownerPathIn(ownDirectory) },
    hint: `The directory is that of ${paths.configPath}. Move the copied files away.`,
  });
}

/** @returns undefined when the directory belongs to another configuration */
function tryClaim(paths: GatewayPaths, dataDir: string): GatewayPaths | undefined {
  if (claim(paths, dataDir) !== ownerName(paths)) return undefined;
  const claimed = withDataDir(paths, dataDir);
  // Directories that are created only once are synced here, because no later write would do so.
  for (const directory of [claimed.stateDir, claimed.credentialsDir]) removeAbandonedTemps(directory);
  return claimed;
}

/** @returns the owner after this call */
function claim(paths: GatewayPaths, dataDir: string): string | undefined {
  for (const path of [dataDir, dirname(ownerPathIn(dataDir))]) ensurePrivateDirectory(path);
  const record = inspectOwner(dataDir);
  if (record.kind === 'none') recordOwner(dataDir, ownerName(paths));
  if (record.kind === 'damaged') {
    const problem = problemOfOwner(paths, dataDir, record);
    if (problem !== undefined) throw problem;
    replaceDamagedOwner(dataDir, ownerName(paths));
  }
  return readOwner(dataDir);
}
