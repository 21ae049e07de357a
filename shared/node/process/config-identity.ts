/** Identifies a configuration by its path as written, with its directory resolved. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { sha256Hex } from '../../sha256.js';

/** One configuration of one home. */
export interface ConfigIdentity {
  readonly home: string;
  readonly configPath: string;
  /** The 16 hex digits that name its lock and control socket. */
  readonly hash: string;
}

/** Resolves the part of a path that exists, so that a directory has one name before and after it is created. */
function realDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realDirectory(parent), basename(path));
  }
}

/** Resolves the directory only: editors and dotfile managers replace the file or make it a link. */
function canonicalPath(configPath: string): string {
  const absolute = resolve(configPath);
  return join(realDirectory(dirname(absolute)), basename(absolute));
}

/** Two spellings of one configuration path (a symlinked directory, `..`) give one lock. */
export function configHash(configPath: string): string {
  return sha256Hex(canonicalPath(configPath)).slice(0, 16);
}

/** Returns the name of a configuration in a record: relative to the home if it is inside, so that a moved home keeps its data. */
export function ownerName({ home, configPath }: Pick<ConfigIdentity, 'home' | 'configPath'>): string {
  const path = canonicalPath(configPath);
  const inside = relative(realDirectory(home), path);
  return isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`) ? path : inside;
}
