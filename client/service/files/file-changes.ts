/** The changes that an installation would make to existing files. */
import { constants, copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../../shared/errors.js';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import { finalPath } from '../../../shared/node/files/final-path.js';
import { diffLines } from '../../../shared/text/line-diff.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { compareChecksum } from './checksum.js';
import type { ServiceFile } from '../plan/service-plan.js';
import { ifPresent } from '../../../shared/node/files/if-present.js';

interface PresentFile {
  readonly file: Pick<ServiceFile, 'path'>;
  /** `edited`, `foreign`: changed or written by someone else; overwritten only with --force. */
  readonly current: 'absent' | 'same' | 'outdated' | 'edited' | 'foreign';
  /** From the present file to the one to be written; empty if that is not known. */
  readonly diff: readonly string[];
}

export interface FileChange extends PresentFile {
  readonly file: ServiceFile;
}

const BYTE_ORDER_MARK = '\ufeff';

/** @returns undefined when the file does not exist @throws the file system's own error, e.g. EACCES */
function readServiceFile(path: string): string | undefined {
  const bytes = ifPresent(() => readFileSync(path));
  const isUtf16 = bytes?.[0] === 0xff && bytes[1] === 0xfe;
  return bytes?.toString(isUtf16 ? 'utf16le' : 'utf8').replace(BYTE_ORDER_MARK, '');
}

function stateOf(text: string): PresentFile['current'] {
  const state = compareChecksum(text);
  return state === 'unchanged' ? 'outdated' : state;
}

export function compareFile(file: ServiceFile): FileChange {
  const text = readServiceFile(file.path);
  if (text === undefined) return { file, current: 'absent', diff: [] };
  if (text === file.text) return { file, current: 'same', diff: [] };
  return { file, current: stateOf(text), diff: changedLines(text, file.text) };
}

/** Inspects a file of which it is not known what `install` would write. */
export function inspectFile(path: string): PresentFile {
  const text = readServiceFile(path);
  return { file: { path }, current: text === undefined ? 'absent' : stateOf(text), diff: [] };
}

/** Lines prefixed with `- ` (only in `before`) or `+ ` (only in `after`). */
function changedLines(before: string, after: string): string[] {
  const lines = diffLines(before, after, 0).filter((line) => line !== undefined);
  return lines.map(({ kind, text }) => `${kind === 'removed' ? '-' : '+'} ${text}`);
}

export function handMade(changes: readonly PresentFile[]): PresentFile | undefined {
  return changes.find(({ current }) => current === 'edited' || current === 'foreign');
}

/** @throws CONFLICT (details.path, details.diff) when a file is not as `install` left it */
export function refuseHandMade(changes: readonly PresentFile[], advice: string): void {
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
    if (Array.isArray(diff) && diff.length > 0) await note(`Present file (-) and ${other} (+):\n${diff.join('\n')}`);
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

const COPY_SUFFIX = '.replaced';

/** Whether a file in the launcher's directory is a copy that {@link keepAside} has made. */
export const isKeptAside = (name: string): boolean => name.endsWith(COPY_SUFFIX);

/** Backs up a file that --force overwrites. @returns the path of the copy, or undefined when the file has no changes to keep */
export function keepAside({ file, current }: FileChange, directory: string): string | undefined {
  if (current !== 'edited' && current !== 'foreign') return undefined;
  for (let count = 1; ; count += 1) {
    const copy = join(directory, `${basename(file.path)}${count === 1 ? '' : `.${count}`}${COPY_SUFFIX}`);
    try {
      copyFileSync(file.path, copy, constants.COPYFILE_EXCL);
      return copy;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

export async function writeServiceFile(file: ServiceFile): Promise<void> {
  mkdirSync(dirname(file.path), { recursive: true });
  const data = file.encoding === 'utf8' ? file.text : Buffer.from(BYTE_ORDER_MARK + file.text, 'utf16le');
  await writeFileAtomic(file.path, data, { mode: file.mode });
}
