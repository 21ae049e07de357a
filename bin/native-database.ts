/**
 * Replaces `@neon-rs/load`, which libsql uses to load its native part, in the bundles. The single executable loads its asset; other
 * builds load the copy next to the bundles, which an upgrade of `node_modules` does not touch, or else the installed package.
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
