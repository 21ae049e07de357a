/**
 * Replaces `@neon-rs/load` in the bundles, through which libsql loads its native part: in the single executable its
 * asset; elsewhere the copy beside the bundles, which an upgrade of `node_modules` does not touch, then the installed package.
 */
import { loadNativeAsset } from '../shared/node/build/native-asset.js';
import { isSingleExecutable } from '../shared/node/build/single-executable.js';
import { libsqlPackages } from './libsql-packages.mjs';

export function load(): unknown {
  if (isSingleExecutable()) return loadNativeAsset('libsql.node');
  let reason: unknown;
  for (const name of ['./libsql.node', ...libsqlPackages(process)]) {
    try {
      return require(name) as unknown;
    } catch (error) {
      // The reason why a file cannot be loaded is more useful than that another one does not exist.
      if (reason === undefined || (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') reason = error;
    }
  }
  throw reason;
}
