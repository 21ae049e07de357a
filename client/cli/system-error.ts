/** Adds a hint to unexpected errors of the operating system, one for each kind. */
import type { ErrorDocument } from '../../shared/errors.js';
import { shellCommand } from '../../shared/text/shell-word.js';

/** Our temporary names for incomplete files and backup directories; they no longer exist when the user reads the error. */
const TEMPORARY = /^(.*)\/(?:\.(.+)\.\d+\.[0-9a-f]{12}\.tmp|\.xopc-backup-\w{6}(?:\/.*)?)$/;

/** Returns the directory of a temporary file, and any other path unchanged. */
const lasting = (path: string): string => TEMPORARY.exec(path)?.[1] ?? path;

function hintFor({ code, path: named, syscall }: Partial<NodeJS.ErrnoException>): string | undefined {
  const path = named === undefined ? undefined : lasting(named);
  if (syscall === 'uv_cwd') return 'The current directory has been deleted. Change to another one and run the command again.';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `It belongs to another user or is read-only${path === undefined ? '' : `; see: ${shellCommand`ls -ld ${path}`}`}. Run the command as its owner.`;
    case 'EROFS':
      return 'The file system is read-only. Make it writable, or set XOPC_HOME to another directory.';
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk${path === undefined ? '' : ` of ${path}`} is full. Free some space and run the command again.`;
    case 'EISDIR':
    case 'ENOTDIR':
      return `There is a directory where a file should be, or the reverse. Move it away and run the command again.`;
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many files are open. Raise the limit: ulimit -n';
    default:
      return undefined;
  }
}

/** A system error reported by another process has only its message: `ENOSPC: no space left on device, write`. */
export function withReportedHint(document: ErrorDocument): ErrorDocument {
  const code = /^(E[A-Z0-9]+): /.exec(document.message)?.[1];
  const known = code === undefined ? undefined : hintFor({ code });
  const disk = code === 'ENOSPC' || code === 'EDQUOT' ? '   See which disk with: xopc doctor' : '';
  const hint = document.hint ?? (known === undefined ? undefined : `${known}${disk}`);
  return hint === undefined ? document : { ...document, hint };
}

const ACTIONS: Readonly<Record<string, string>> = {
  scandir: 'read the directory',
  opendir: 'read the directory',
  stat: 'access',
  lstat: 'access',
  mkdtemp: 'create a directory in',
};

/** Node's text is `ENOTDIR: not a directory, open '/path'`. */
function reworded(message: string): string {
  const [, code, reason, syscall = '', path] = /^(E[A-Z0-9]+): ([^,]+), (\w+) '([^']+)'(?: -> '[^']+')?$/.exec(message) ?? [];
  if (path === undefined) return message;
  const [, directory, name] = TEMPORARY.exec(path) ?? [];
  const why = `${reason} (${code})`;
  // What was being written there, if the name shows it.
  if (name !== undefined) return `cannot write ${directory}/${name}: ${why}`;
  return `cannot ${ACTIONS[syscall] ?? (directory === undefined ? syscall : 'write to')} ${directory ?? path}: ${why}`;
}

/** Adds what failed to the error document of a system error, and a hint if it has none. */
export function withSystemHint(document: ErrorDocument, error: unknown): ErrorDocument {
  if (document.hint !== undefined || !(error instanceof Error)) return document;
  const hint = hintFor(error);
  const worded = { ...document, message: reworded(document.message) };
  return hint === undefined ? worded : { ...worded, hint };
}
