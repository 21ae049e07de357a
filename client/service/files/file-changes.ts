/** The changes that an installation would make to existing files. */
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../../shared/errors.js';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import { finalPath } from '../../../shared/node/files/final-path.js';
import { diffLines } from '../../../shared/text/line-diff.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { compareChecksum } from './checksum.js';
import type { ServiceFile } from '../plan/service-plan.js';
import { ifPresent } from '../../../shared/node/files/if-present.js';

export interface FileChange {
  readonly file: ServiceFile;
  /** `edited`, `foreign`: changed or written by someone else; overwritten only with --force. */
  readonly current: 'absent' | 'same' | 'outdated' | 'edited' | 'foreign';
  /** From the present file to the one to be written. */
  readonly diff: readonly string[];
}

const BYTE_ORDER_MARK = '\ufeff';

/** @returns undefined when the file does not exist @throws the file system's own error, e.g. EACCES */
function readServiceFile(path: string, encoding: ServiceFile['encoding']): string | undefined {
  return ifPresent(() => readFileSync(path, encoding).replace(BYTE_ORDER_MARK, ''));
}

export function compareFile(file: ServiceFile): FileChange {
  const text = readServiceFile(file.path, file.encoding);
  if (text === undefined) return { file, current: 'absent', diff: [] };
  if (text === file.text) return { file, current: 'same', diff: [] };
  const state = compareChecksum(text);
  return { file, current: state === 'unchanged' ? 'outdated' : state, diff: changedLines(text, file.text) };
}

/** Lines prefixed with `- ` (only in `before`) or `+ ` (only in `after`). */
function changedLines(before: string, after: string): string[] {
  const lines = diffLines(before, after, 0).filter((line) => line !== undefined);
  return lines.map(({ kind, text }) => `${kind === 'removed' ? '-' : '+'} ${text}`);
}

export function handMade(changes: readonly FileChange[]): FileChange | undefined {
  return changes.find(({ current }) => current === 'edited' || current === 'foreign');
}

/** @throws CONFLICT (details.path, details.diff) when a file is not as `install` left it */
export function refuseHandMade(changes: readonly FileChange[], advice: string): void {
  const change = handMade(changes);
  if (change === undefined) return;
  const { file, current, diff } = change;
  throw new GatewayError('CONFLICT', {
    message: current === 'edited' ? `${file.path} was edited by hand` : `${file.path} was not written by xopc`,
    details: { path: file.path, diff },
    hint: advice,
  });
}

/** Adds the difference to `preview` when a file is not as `install` left it. @param other  what the file is compared with */
export async function withDifference<T>(preview: Promise<T>, other: string, note: (text: string) => Promise<void>): Promise<T> {
  try {
    return await preview;
  } catch (error) {
    const diff = error instanceof GatewayError ? error.details?.['diff'] : undefined;
    if (Array.isArray(diff)) await note(`Present file (-) and ${other} (+):\n${diff.join('\n')}`);
    throw error;
  }
}

/**
 * Called before anything is written: a write replaces what a link leads to, and a masked unit is a link to `/dev/null`.
 * @throws CONFLICT (details.path) when something other than a regular file is in the place of one
 */
export function refuseSpecialFiles(files: readonly ServiceFile[]): void {
  for (const { path } of files) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== false) continue;
    const isMasked = finalPath(path) === '/dev/null';
    throw new GatewayError('CONFLICT', {
      message: isMasked ? `${path} is masked` : `${path} is not a regular file`,
      details: { path },
      hint: isMasked ? shellCommand`Unmask it with: systemctl --user unmask ${basename(path)}` : 'Move it away, then install again.',
    });
  }
}

/** Backs up a file that --force overwrites. @returns the path of the copy, or undefined when the file has no changes to keep */
export function keepAside({ file, current }: FileChange, directory: string): string | undefined {
  if (current !== 'edited' && current !== 'foreign') return undefined;
  const copy = join(directory, `${basename(file.path)}.replaced`);
  copyFileSync(file.path, copy);
  return copy;
}

export async function writeServiceFile(file: ServiceFile): Promise<void> {
  mkdirSync(dirname(file.path), { recursive: true });
  const data = file.encoding === 'utf8' ? file.text : Buffer.from(BYTE_ORDER_MARK + file.text, 'utf16le');
  await writeFileAtomic(file.path, data, { mode: file.mode });
}
