/** Loads the native part of the database inside the single executable, for bin/native-database.ts. */
import { chmodSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../errors.js';
import { ensurePrivateDirectory } from '../files/atomic-file.js';
import { readEnvironment } from '../process/env.js';
import { readAsset, readTextAsset } from './single-executable.js';

function isTrusted(path: string, size: number): boolean {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry?.isFile() !== true || entry.size !== size) return false;
  return process.getuid === undefined || (entry.uid === process.getuid() && (entry.mode & 0o022) === 0);
}

/**
 * Several first starts at once are harmless: each writes its own file and renames it. Both directories must be private: another user
 * who can write to either could exchange the file before it is loaded, and it would run with our rights.
 */
function extractTo(base: string, version: string, name: string): string {
  const content = readAsset(name);
  const directory = join(base, version);
  for (const path of [base, directory]) ensurePrivateDirectory(path);
  const target = join(directory, name);
  if (isTrusted(target, content.length)) return target;
  const temporary = `${target}.${process.pid}`;
  try {
    writeFileSync(temporary, content, { mode: 0o700 });
    chmodSync(temporary, 0o700);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  return target;
}

/**
 * Loads a native module from an asset: the system's loader needs a file. The gateway's home comes first, because a
 * hardened service may write nowhere else; a directory that is mounted noexec is skipped.
 * @throws STORE_UNAVAILABLE naming each place and why it failed
 */
export function loadNativeAsset(name: string): unknown {
  const { home, runtimeDir } = readEnvironment();
  const version = readTextAsset(`${name}.hash`);
  const reasons: string[] = [];
  // Every user has the same runtime directory if it is the temporary directory.
  for (const base of [join(home, 'cache'), join(runtimeDir, `xopc-${process.getuid?.() ?? 'user'}`)]) {
    try {
      const module = { exports: {} as unknown };
      process.dlopen(module, extractTo(base, version, name));
      return module.exports;
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new GatewayError('STORE_UNAVAILABLE', {
    message: `the native part of the database cannot be loaded: ${reasons.join('; ')}`,
    hint: 'Set XOPC_HOME to a directory that is not mounted noexec.',
  });
}
