/** A checksum line in each generated file shows whether the file was changed since `install` wrote it. */
import { createHash } from 'node:crypto';

/** `unchanged`: as `install` wrote it; `edited`: written by `install` and changed since; `foreign`: not written by `install`. */
type ChecksumState = 'unchanged' | 'edited' | 'foreign';

/** `xopc-seal` appears in files installed by earlier versions. */
const CHECKSUM_LINE = /^.*\bxopc-(?:checksum|seal) ([0-9a-f]{16})\b.*\r?\n/m;
const PLACEHOLDER = '{{checksum}}';

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Content of a comment line in which {@link addChecksum} fills in the hash. */
export const CHECKSUM_COMMENT = `xopc-checksum ${PLACEHOLDER}`;

/** Fills in the hash of all other lines. */
export function addChecksum(text: string): string {
  const at = text.indexOf(PLACEHOLDER);
  const start = text.lastIndexOf('\n', at) + 1;
  const end = text.indexOf('\n', at) + 1;
  return text.replace(PLACEHOLDER, hashOf(text.slice(0, start) + text.slice(end)));
}

export function compareChecksum(text: string): ChecksumState {
  const match = CHECKSUM_LINE.exec(text);
  if (match === null) return 'foreign';
  const rest = text.slice(0, match.index) + text.slice(match.index + match[0].length);
  return hashOf(rest) === match[1] ? 'unchanged' : 'edited';
}
