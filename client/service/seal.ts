/** A line in each generated file that tells whether it is still as `install` wrote it. */
import { createHash } from 'node:crypto';

/** `sealed`: as written; `edited`: ours and changed by hand since; `foreign`: never ours. */
export type SealState = 'sealed' | 'edited' | 'foreign';

const SEAL_LINE = /^.*\bxopc-seal ([0-9a-f]{16})\b.*\r?\n/m;
const PLACEHOLDER = '{{seal}}';

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The comment's content to put on a line of its own where {@link seal} will fill in the hash. */
export const SEAL_COMMENT = `xopc-seal ${PLACEHOLDER}`;

/** Fills in the hash of everything but the seal's own line. */
export function seal(text: string): string {
  const at = text.indexOf(PLACEHOLDER);
  const start = text.lastIndexOf('\n', at) + 1;
  const end = text.indexOf('\n', at) + 1;
  return text.replace(PLACEHOLDER, hashOf(text.slice(0, start) + text.slice(end)));
}

export function readSeal(text: string): SealState {
  const match = SEAL_LINE.exec(text);
  if (match === null) return 'foreign';
  const rest = text.slice(0, match.index) + text.slice(match.index + match[0].length);
  return hashOf(rest) === match[1] ? 'sealed' : 'edited';
}
