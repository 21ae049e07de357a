/**
 * Finds the lasting path of the built bundles. pnpm, and deployments that switch a link, install each version in its own directory,
 * and Node resolves links: a running gateway that knew only the resolved path would never see the next version.
 */
import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** pnpm up to 10: `{where}/.pnpm/xopc@0.1.0/node_modules/xopc/dist`, with a link to the package in `{where}`, globally in `{where}/node_modules`. */
function pnpmLinks(directory: string): string[] {
  const parts = directory.split(sep);
  const at = parts.lastIndexOf('.pnpm');
  if (at === -1) return [];
  const where = parts.slice(0, at).join(sep);
  const inside = parts.slice(at + 3);
  return [join(where, ...inside), join(where, 'node_modules', ...inside)];
}

function leadsTo(path: string, directory: string): boolean {
  try {
    return realpathSync(path) === directory;
  } catch {
    return false;
  }
}

/**
 * Returns the path of the bundles that stays the same through upgrades.
 * @param directory  the resolved path of the bundles
 * @param entry  the script as it was named on the command line: `main.cjs`, or the package's `bin/xopc.mjs`
 * @returns a path with links that lead to `directory`, or `directory` where there is none
 */
export function installedDirectory(directory: string, entry: string | undefined): string {
  if (entry === undefined || dirname(entry) === directory) return directory;
  const named = [dirname(entry), join(dirname(entry), '..', 'dist')];
  return [...pnpmLinks(directory), ...named].find((path) => leadsTo(path, directory)) ?? directory;
}
