/** Changes a configuration file in place: keeps comments, allows one writer at a time, and keeps the previous version for undo. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MAX_CONFIG_BYTES } from '../../config/defaults.js';
import type { ConfigDocument } from '../../config/document.js';
import { parseJsonc } from '../../config/jsonc.js';
import { editJsonc, type JsoncEdit } from '../../config/jsonc-edit.js';
import { FORBIDDEN_KEYS, formatKey } from '../../config/key-path.js';
import { GatewayError, type Problem } from '../../errors.js';
import { writeFilesAtomic } from '../files/atomic-file.js';
import { findRemoved, readConfigText } from './config-file.js';
import { configInvalid, hashText, parseConfigText, problemsOf, stripBom, TEXT_OF_NO_FILE } from './config-text.js';
import { isVersionOf, keepVersion, listVersions, readVersion } from './config-versions.js';
import { withFileLock } from '../files/file-lock.js';

export interface ConfigWriteOptions {
  readonly path: string;
  /** Lock between writers; its directory must exist. */
  readonly lockPath: string;
  /** Where the text before the change is kept. */
  readonly undoPath: string;
  /** Where earlier versions are kept; undefined if they are not kept. */
  readonly versionsDir?: string;
  /** Validates the new document; any problem prevents the write. Passed in so that this file needs no schema. */
  readonly validate: (document: ConfigDocument) => readonly Problem[];
  /** Write only if the file still has this revision (`ConfigDocument.hash`). */
  readonly expectedHash?: string;
  /** A gateway runs with this file. If it is missing, it was removed, and edits would apply to nothing in its place. */
  readonly isInEffect?: boolean;
}

function assertSafe(edits: readonly JsoncEdit[]): void {
  for (const { path } of edits) {
    if (path.length === 0 || path.some((segment) => FORBIDDEN_KEYS.includes(String(segment)))) {
      throw new GatewayError('INVALID_REQUEST', { message: `'${formatKey(path)}' cannot be changed`, details: { key: formatKey(path) } });
    }
  }
}

export function changedMeanwhile(path: string): GatewayError {
  return new GatewayError('PRECONDITION_FAILED', {
    message: `${path} was changed in the meantime`,
    hint: 'Reload it and repeat the change.',
  });
}

/** Which of the two files is renamed first; after a kill in between, only that one is new. */
type Order = 'undo first' | 'config first';

function assertShort(text: string, file: string): void {
  const size = Buffer.byteLength(text);
  const message = `would have ${size} bytes; at most ${MAX_CONFIG_BYTES} are read`;
  if (size > MAX_CONFIG_BYTES) throw configInvalid(file, [{ file, message }], 'Nothing was written.');
}

async function replaceText(
  options: ConfigWriteOptions,
  makeText: (current: string) => string,
  order: Order = 'undo first',
): Promise<ConfigDocument> {
  return withFileLock(options.lockPath, async () => {
    const current = readConfigText(options.path);
    const before = current ?? TEXT_OF_NO_FILE;
    if (options.expectedHash !== undefined && options.expectedHash !== hashText(before)) throw changedMeanwhile(options.path);
    const text = makeText(before);
    assertShort(text, options.path);
    const document = parseConfigText(text, options.path);
    const problems = document.problems.length > 0 ? document.problems : options.validate(document);
    if (problems.length > 0) throw configInvalid(options.path, problems, 'Nothing was written.');
    if (text === current) return document;
    if (current !== undefined && options.versionsDir !== undefined) await keepVersion(options.versionsDir, current);
    await mkdir(dirname(options.path), { recursive: true, mode: 0o700 });
    const undo = { path: options.undoPath, data: before };
    const config = { path: options.path, data: text };
    await writeFilesAtomic(order === 'undo first' ? [undo, config] : [config, undo]);
    return document;
  });
}

/**
 * Applies edits in order; a missing file starts as `{}`.
 * @param edits  or a function that returns them for the document to edit, while no other process changes the file
 * @returns the document as written
 * @throws CONFIG_INVALID when the file cannot be read now, was removed, or would be invalid afterwards; PRECONDITION_FAILED when the
 *   revision differs; CONFLICT when another writer does not finish; INVALID_REQUEST for a key that no document may hold
 */
export async function writeConfig(
  options: ConfigWriteOptions,
  edits: readonly JsoncEdit[] | ((before: ConfigDocument) => readonly JsoncEdit[]),
): Promise<ConfigDocument> {
  return replaceText(options, (current) => {
    const bom = current.startsWith('\uFEFF') ? '\uFEFF' : '';
    const body = stripBom(current);
    const parsed = parseJsonc(body);
    const problems = problemsOf(parsed, body, options.path);
    if (problems.length > 0) throw configInvalid(options.path, problems);
    const made = typeof edits === 'function' ? edits(parseConfigText(current, options.path)) : edits;
    assertSafe(made);
    const removed = options.isInEffect === true ? findRemoved([options.path]) : [];
    if (removed.length > 0) throw configInvalid(options.path, removed);
    return bom + editJsonc(body, made, parsed);
  });
}

/** Replaces the whole text (an editor's result). @throws as {@link writeConfig} */
export async function writeConfigText(options: ConfigWriteOptions, text: string): Promise<ConfigDocument> {
  return replaceText(options, () => text);
}

/** Returns the newest version that differs from the file, which may have been edited by hand. */
function newestOther({ path, versionsDir }: ConfigWriteOptions): string | undefined {
  if (versionsDir === undefined) return undefined;
  const revision = hashText(readConfigText(path) ?? TEXT_OF_NO_FILE);
  const version = listVersions(versionsDir).find((kept) => !isVersionOf(kept, revision));
  return version === undefined ? undefined : readVersion(versionsDir, version.id);
}

/** Returns the text before the last change. Nobody edits the file that holds it, so a damaged one counts as missing. */
function readUndo({ undoPath }: ConfigWriteOptions): string | undefined {
  try {
    const text = readConfigText(undoPath);
    return text === undefined || parseConfigText(text, undoPath).problems.length > 0 ? undefined : text;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

/**
 * Swaps the file with the version before its last change, so that a second undo is a redo. If xopc has not changed the file yet,
 * swaps it with the newest version that differs.
 * @throws NOT_FOUND when there is none
 */
export async function undoConfig(options: ConfigWriteOptions): Promise<ConfigDocument> {
  const previous = readUndo(options) ?? newestOther(options);
  if (previous === undefined) {
    throw new GatewayError('NOT_FOUND', {
      message: 'there is no earlier version of the configuration',
      hint: 'A version is kept whenever xopc changes the file, and of each with which a gateway runs.',
    });
  }
  return replaceText(options, () => previous, 'config first');
}
