/** Reads `config.json` and `models.json` from disk, bounded, and never blocking on a pipe or device. */
import { lstatSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { MAX_CONFIG_BYTES } from '../../config/defaults.js';
import type { ConfigDocument } from '../../config/document.js';
import { GatewayError, type Problem } from '../../errors.js';
import { explainFile } from '../../text/file-reasons.js';
import { configInvalid, parseConfigText, TEXT_OF_NO_FILE, type VariableLookup } from './config-text.js';
import { readFileStart } from '../files/file-start.js';
import type { GatewayPaths } from '../process/paths.js';
import { shellCommand } from '../../text/shell-word.js';

function unreadable(path: string, message: string, hint: string): GatewayError {
  return configInvalid(path, [{ file: path, message }], hint);
}

function readRegularFile(path: string): Buffer {
  const { stats, bytes } = readFileStart(path, MAX_CONFIG_BYTES);
  if (stats.isDirectory()) throw unreadable(path, 'is a directory', 'Move it away, or put a file in its place.');
  if (!stats.isFile()) throw unreadable(path, 'is not a regular file', 'Move it away, or put a file in its place.');
  if (stats.size <= MAX_CONFIG_BYTES) return bytes;
  throw unreadable(path, `has ${stats.size} bytes; at most ${MAX_CONFIG_BYTES} are read`, 'Check that it is the right file.');
}

function decode(path: string, bytes: Buffer): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw unreadable(path, 'is stored as UTF-16', 'Save it as UTF-8.');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable(path, 'is not UTF-8 text', 'Save it as UTF-8.');
  }
}

/**
 * @throws CONFIG_INVALID for a dangling link, e.g. to an unmounted volume: falling back to defaults would lift the file's
 * restrictions
 */
function assertAbsent(path: string): undefined {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  const what = `points to ${readlinkSync(path)}, which does not exist`;
  throw unreadable(path, what, 'Mount or create what it points to, or remove the link.');
}

/**
 * Reads a configuration file's text. @returns undefined when there is no file @throws CONFIG_INVALID for a directory, a file that is not
 * readable, is too long, or is not UTF-8
 */
export function readConfigText(path: string): string | undefined {
  try {
    return decode(path, readRegularFile(path));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === 'ENOENT') return assertAbsent(path);
    if (code === 'EACCES' || code === 'EPERM')
      throw unreadable(
        path,
        `is not readable by this user (${code})`,
        `See its owner with: ${shellCommand`ls -l ${path}`}   Make this user its owner, or make it readable.`,
      );
    if (code === 'ENOTDIR')
      throw unreadable(path, 'cannot be read (ENOTDIR)', `${dirname(path)} is not a directory. Move it away, or set XOPC_HOME.`);
    throw unreadable(path, `cannot be read (${code})`, `See what it is with: ${shellCommand`ls -ld ${path}`}`);
  }
}

/** Returns the text of a file; undefined if it is missing. One that cannot be read is reported by those who use it; it counts as empty here. */
function textIn(path: string): string | undefined {
  try {
    return readConfigText(path);
  } catch (error) {
    if (error instanceof GatewayError) return '';
    throw error;
  }
}

/**
 * Returns a problem for each missing file.
 * @param files  that were in effect; the defaults would lift their restrictions
 */
export function findRemoved(files: readonly string[]): Problem[] {
  return files.filter((file) => textIn(file) === undefined).map((file) => ({ file, ...explainFile('file-removed') }));
}

/** Returns the edited files that have a last good copy. A copy that was made while the file was missing does not count. */
export function filesInEffect(
  paths: Pick<GatewayPaths, 'configPath' | 'modelsPath' | 'lastGoodConfigPath' | 'lastGoodModelsPath'>,
): string[] {
  const { configPath, modelsPath, lastGoodConfigPath, lastGoodModelsPath } = paths;
  const copies = [
    [configPath, lastGoodConfigPath],
    [modelsPath, lastGoodModelsPath],
  ] as const;
  return copies.flatMap(([file, copy]) => ((textIn(copy) ?? TEXT_OF_NO_FILE) === TEXT_OF_NO_FILE ? [] : [file]));
}

/**
 * Loads a configuration file; a missing one is an empty document with `exists: false`.
 * @throws CONFIG_INVALID when the file cannot be read at all; errors in its text are in `problems`
 */
export function loadConfigFile(options: { path: string; lookup?: VariableLookup }): ConfigDocument {
  const text = readConfigText(options.path);
  const document = parseConfigText(text ?? TEXT_OF_NO_FILE, options.path, options.lookup);
  return text === undefined ? { ...document, exists: false } : document;
}
