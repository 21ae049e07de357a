/**
 * The single executable (`npm run build:binary`): Node with the bundles, their cached data and the native part of the
 * database inside, as assets (https://nodejs.org/api/single-executable-applications.html). Files beside the entry are assets here, under
 * the same name.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

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

/** An asset's bytes, inside the running image; do not write to them. @throws when there is none */
export function readAsset(name: string): Buffer {
  return Buffer.from(sea().getRawAsset(name));
}

export function readTextAsset(name: string): string {
  return sea().getAsset(name, 'utf8');
}

/** As in bin/build-binary.mjs: the file's last bytes are this mark and a JSON document, padded with zeros. */
const TRAILER_MARK = 'XOPC-BUILD';
const TRAILER_BYTES = 256;

/**
 * Reads which build an executable file holds, without running it: how a running gateway notices that its file was replaced.
 * @returns undefined if the file is missing or has no such trailer
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
