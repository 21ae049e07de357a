/**
 * The single executable (`npm run build:binary`): Node with the bundles, their cached data and the native part of the
 * database inside, as assets (https://nodejs.org/api/single-executable-applications.html). What is a file beside the
 * entry elsewhere is an asset here, under the same name.
 */
import { chmodSync, closeSync, fstatSync, lstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../errors.js';
import { readEnvironment } from './env.js';

interface Sea {
  isSea(): boolean;
  getAsset(key: string, encoding: 'utf8'): string;
  getRawAsset(key: string): ArrayBuffer;
}

/** Not an import: the entry is built for old Nodes too, where `node:sea` has no name without the prefix. */
const sea = (): Sea => process.getBuiltinModule('node:sea') as Sea;

export function isSingleExecutable(): boolean {
  return sea().isSea();
}

/** An asset's bytes, inside the running image: not to be written to. @throws when there is none */
export function readAsset(name: string): Buffer {
  return Buffer.from(sea().getRawAsset(name));
}

export function readTextAsset(name: string): string {
  return sea().getAsset(name, 'utf8');
}

/** As in bin/build-binary.mjs: the file's last bytes are this mark and a JSON document, filled up with zeros. */
const TRAILER_MARK = 'XOPC-BUILD';
const TRAILER_BYTES = 256;

/**
 * Reads which build an executable file holds, without running it: how a running gateway notices that its file was replaced.
 * @returns undefined where the file is gone or ends otherwise
 */
export function readTrailer(path: string): unknown {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const end = Buffer.alloc(TRAILER_BYTES);
    readSync(fd, end, 0, TRAILER_BYTES, fstatSync(fd).size - TRAILER_BYTES);
    const text = end.toString('utf8').replaceAll('\0', '');
    return text.startsWith(TRAILER_MARK) ? JSON.parse(text.slice(TRAILER_MARK.length)) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Our own directory, closed to others: a native module that somebody else put there would run as us. */
function isTrusted(path: string, kind: 'directory' | 'file', size?: number): boolean {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined || (kind === 'directory' ? !entry.isDirectory() : !entry.isFile())) return false;
  const isOurs = process.getuid === undefined || (entry.uid === process.getuid() && (entry.mode & 0o022) === 0);
  return isOurs && (size === undefined || entry.size === size);
}

/** Several first starts at once are harmless: each writes a file of its own and renames it. */
function extractTo(directory: string, name: string): string {
  const content = readAsset(name);
  const target = join(directory, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isTrusted(directory, 'directory')) throw new Error(`${directory} is not this user's alone`);
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
 * hardened service may write nowhere else; a directory that is mounted noexec is passed over.
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
    hint: 'Set XOPC_HOME to a directory that may hold programs (not mounted noexec).',
  });
}
