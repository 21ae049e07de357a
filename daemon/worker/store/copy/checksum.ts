/** A checksum of rows in order that can be continued after any row and is the same for every engine. */
import { createHash } from 'node:crypto';
import type { CopiedRow } from './copy-place.js';

export interface Checked {
  readonly rows: number;
  /** Hex; empty before the first row. */
  readonly checksum: string;
}

export const NOTHING_CHECKED: Checked = { rows: 0, checksum: '' };

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** No two different values have the same form. */
function formOf(value: CopiedRow[number]): string {
  if (value === null) return 'null,';
  if (typeof value === 'number') return `${value},`;
  if (typeof value === 'string') return `${value.length}:${value},`;
  return `${value.length}#${sha256(value)},`;
}

/** Returns the checksum `before` continued with one more row. */
export function checkRow({ rows, checksum }: Checked, row: CopiedRow): Checked {
  return { rows: rows + 1, checksum: sha256(checksum + row.map(formOf).join('')) };
}
