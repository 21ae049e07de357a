/**
 * The part of the tar format that a backup needs: regular files with short names (POSIX.1-1988 "ustar", and for sizes
 * from 8 GiB the base-256 form that GNU and BSD tar read). Anything else in an archive is refused.
 */

export const BLOCK_BYTES = 512;

/** Where a header's fields are: offset and length. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
} as const;

type Field = keyof typeof FIELD;

const MAX_OCTAL_SIZE = 0o77_777_777_777;

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
}

function put(block: Buffer, field: Field, text: string): void {
  const [offset, length] = FIELD[field];
  block.write(text, offset, length, 'latin1');
}

function putNumber(block: Buffer, field: Field, value: number): void {
  put(block, field, value.toString(8).padStart(FIELD[field][1] - 1, '0'));
}

function putSize(block: Buffer, bytes: number): void {
  if (bytes <= MAX_OCTAL_SIZE) return putNumber(block, 'size', bytes);
  const [offset, length] = FIELD.size;
  block.writeBigUInt64BE(BigInt(bytes), offset + length - 8);
  block[offset] = 0x80;
}

/** The sum of all bytes, those of the sum itself counted as spaces. */
function checksum(block: Buffer): number {
  const [offset, length] = FIELD.checksum;
  let sum = length * 0x20;
  for (const [index, byte] of block.entries()) if (index < offset || index >= offset + length) sum += byte;
  return sum;
}

/** The block before a file's content. */
export function encodeHeader(entry: TarEntry & { mtimeMs: number }): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  put(block, 'name', entry.name);
  putNumber(block, 'mode', 0o600);
  putNumber(block, 'uid', 0);
  putNumber(block, 'gid', 0);
  putSize(block, entry.bytes);
  putNumber(block, 'mtime', Math.floor(entry.mtimeMs / 1_000));
  put(block, 'type', '0');
  put(block, 'magic', 'ustar\u000000');
  put(block, 'checksum', `${checksum(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** Zeros that fill a content up to whole blocks. */
export function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function text(block: Buffer, field: Field): string {
  const [offset, length] = FIELD[field];
  return block
    .toString('latin1', offset, offset + length)
    .replace(/\0.*$/s, '')
    .trim();
}

function octal(block: Buffer, field: Field): number {
  const digits = text(block, field);
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function sizeOf(block: Buffer): number {
  const [offset, length] = FIELD.size;
  return block[offset] === 0x80 ? Number(block.readBigUInt64BE(offset + length - 8)) : octal(block, 'size');
}

/** @returns the file that follows; undefined for a block of zeros, the archive's end; a reason in words for anything else */
export function decodeHeader(block: Buffer): TarEntry | undefined | string {
  if (block.every((byte) => byte === 0)) return undefined;
  if (octal(block, 'checksum') !== checksum(block)) return 'a header has a wrong checksum';
  const name = text(block, 'name');
  const type = text(block, 'type');
  if (type !== '0' && type !== '') return `'${name}' is not a regular file`;
  const bytes = sizeOf(block);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? { name, bytes } : `'${name}' has no usable size`;
}
