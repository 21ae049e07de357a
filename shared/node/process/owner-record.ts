/** The record of who owns a directory's data: `state/owner.json`, with the configuration's name. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../errors.js';
import { createFile } from '../files/atomic-file.js';
import { removeTemp, temporaryName } from '../files/temporary-file.js';

/** Owner records in a later format are refused, not guessed at. */
const OWNER_VERSION = 1;

/** Truncated, emptied or overwritten; the files beside it may show whose data it is. */
export interface DamagedOwner {
  readonly kind: 'damaged';
  readonly reason: string;
}

export type OwnerRecord = { readonly kind: 'owned'; readonly name: string } | { readonly kind: 'none' } | DamagedOwner;

/** Returns where a data directory's owner is recorded. */
export function ownerPathIn(dataDir: string): string {
  return join(dataDir, 'state', 'owner.json');
}

/** The error for a record that does not name the owner. */
export function unusableOwner(dataDir: string, options: { reason: string; hint: string; cause?: unknown }): GatewayError {
  const path = ownerPathIn(dataDir);
  const { reason, hint, cause } = options;
  return new GatewayError('CONFIG_INVALID', {
    message: `${path} cannot be used: ${reason}; it records which configuration the data beside it belongs to`,
    details: { path },
    hint,
    cause,
  });
}

/** Reads a data directory's record. @throws CONFIG_INVALID for one that cannot be read, and for that of a later version */
export function inspectOwner(dataDir: string): OwnerRecord {
  let text: string;
  try {
    text = readFileSync(ownerPathIn(dataDir), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none' };
    throw unusableOwner(dataDir, { reason: `reading it failed (${code ?? String(error)})`, hint: readHint(error), cause: error });
  }
  return parseOwner(dataDir, text);
}

function parseOwner(dataDir: string, text: string): OwnerRecord {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return { kind: 'damaged', reason: text.trim() === '' ? 'it is empty' : 'it is not JSON' };
  }
  const { v, configPath } = (record ?? {}) as { v?: unknown; configPath?: unknown };
  if (typeof v === 'number' && v > OWNER_VERSION)
    throw unusableOwner(dataDir, {
      reason: `its version ${v} is later than ${OWNER_VERSION}`,
      hint: 'A later version of xopc wrote it. Update xopc.',
    });
  if (typeof configPath !== 'string' || configPath === '') return { kind: 'damaged', reason: 'it names no configuration' };
  return v === OWNER_VERSION
    ? { kind: 'owned', name: configPath }
    : { kind: 'damaged', reason: `its version ${JSON.stringify(v)} is not ${OWNER_VERSION}` };
}

/** Whether an error means that this user may not read the file. */
export function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function readHint(cause: unknown): string {
  if (isDenied(cause)) return 'Run the command as the owner of that directory, or set XOPC_HOME to a directory of your own.';
  const isDirectory = (cause as NodeJS.ErrnoException).code === 'EISDIR';
  return isDirectory ? 'xopc did not create that directory; move it away.' : 'Check the disk that it is on.';
}

/** Returns the text of a record. */
export function ownerText(name: string): string {
  return JSON.stringify({ v: OWNER_VERSION, configPath: name });
}

/** Records the owner, unless there is a record. */
export function recordOwner(dataDir: string, name: string): void {
  createFile(ownerPathIn(dataDir), `${ownerText(name)}\n`);
}

/** Replaces a damaged record and keeps it as `.bad`. Called only for the configuration that the traces name. */
export function replaceDamagedOwner(dataDir: string, name: string): void {
  const path = ownerPathIn(dataDir);
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, `${ownerText(name)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    rmSync(`${path}.bad`, { force: true });
    linkSync(path, `${path}.bad`);
    renameSync(temporary, path);
  } finally {
    removeTemp(temporary);
  }
}
