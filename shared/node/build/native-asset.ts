/** Loads the native part of the database inside the single executable, for bin/native-database.ts. */
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../errors.js';
import { readEnvironment } from '../process/env.js';
import { readAsset, readTextAsset } from './single-executable.js';

/** The directory must be private: a native module placed there by another user would run with our rights. */
function isTrusted(path: string, kind: 'directory' | 'file', size?: number): boolean {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined || (kind === 'directory' ? !entry.isDirectory() : !entry.isFile())) return false;
  const isOurs = process.getuid === undefined || (entry.uid === process.getuid() && (entry.mode & 0o022) === 0);
  return isOurs && (size === undefined || entry.size === size);
}

/** Several first starts at once are harmless: each writes its own file and renames it. */
function extractTo(directory: string, name: string): string {
  const content = readAsset(name);
  const target = join(directory, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isTrusted(directory, 'directory')) throw new Error(`${directory} is not private to this user`);
  if (isTrusted(target, 'file', content.length)) return target;
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
  for (const base of [join(home, 'cache'), join(runtimeDir, 'xopc')]) {
    try {
      const module = { exports: {} as unknown };
      process.dlopen(module, extractTo(join(base, version), name));
      return module.exports;
    } catch (error) {
      reasons.push(`${base}: ${(error as Error).message}`);
    }
  }
  throw new GatewayError('STORE_UNAVAILABLE', {
    message: `the native part of the database cannot be loaded: ${reasons.join('; ')}`,
    hint: 'Set XOPC_HOME to a directory that is not mounted noexec.',
  });
}
