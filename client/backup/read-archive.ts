/** Unpacks a backup into a directory and believes nothing of it: names, sizes and hashes must be those of the manifest. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BACKUP_DATABASE, type BackupManifest, MANIFEST_NAME, manifestProblem } from '../../shared/backup.js';
import { GatewayError } from '../../shared/errors.js';
import { BLOCK_BYTES, decodeHeader, paddingOf, type TarEntry } from './tar-header.js';

const MAX_MANIFEST_BYTES = 65_536;
const MAX_TEXT_BYTES = 1_048_576;

export function unusable(path: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `${path} cannot be restored: ${reason}`,
    details: { path },
    hint: 'Nothing was changed.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Hands out a stream's bytes in the amounts that are asked for. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Up to `bytes` of what comes next; undefined at the end. */
  async some(bytes: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** In pieces. @throws Error where the stream ends before */
  async *exactly(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      const chunk = await this.some(left);
      if (chunk === undefined) throw new Error('it ends in the middle');
      left -= chunk.length;
      yield chunk;
    }
  }

  async all(bytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.exactly(bytes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

async function nextEntry(reader: ByteReader): Promise<TarEntry | undefined> {
  const header = decodeHeader(await reader.all(BLOCK_BYTES));
  if (typeof header === 'string') throw new Error(header);
  return header;
}

async function readManifest(reader: ByteReader): Promise<BackupManifest> {
  const entry = await nextEntry(reader);
  if (entry?.name !== MANIFEST_NAME || entry.bytes > MAX_MANIFEST_BYTES) throw new Error('it is not a backup of xopc');
  const text = (await reader.all(entry.bytes)).toString('utf8');
  await reader.all(paddingOf(entry.bytes));
  const manifest = JSON.parse(text) as BackupManifest;
  const problem = manifestProblem(manifest);
  if (problem !== undefined) throw new Error(problem);
  return manifest;
}

async function unpackEntry(reader: ByteReader, options: { manifest: BackupManifest; index: number; directory: string }): Promise<void> {
  const { manifest, index, directory } = options;
  const wanted = manifest.entries[index];
  const entry = await nextEntry(reader);
  if (wanted === undefined || entry === undefined || entry.name !== wanted.name || entry.bytes !== wanted.bytes) {
    throw new Error(`it does not hold what its manifest says: '${entry?.name ?? 'its end'}' where '${wanted?.name}' should be`);
  }
  if (wanted.name !== BACKUP_DATABASE && wanted.bytes > MAX_TEXT_BYTES) throw new Error(`'${wanted.name}' is too large`);
  const hash = createHash('sha256');
  const file = await open(join(directory, wanted.name), 'wx', 0o600);
  try {
    for await (const chunk of reader.exactly(entry.bytes)) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (hash.digest('hex') !== wanted.sha256) throw new Error(`'${wanted.name}' is damaged: its checksum is wrong`);
  await reader.all(paddingOf(entry.bytes));
}

/** To the end: only there does gzip check its own sum. */
async function expectEnd(reader: ByteReader): Promise<void> {
  if ((await nextEntry(reader)) !== undefined) throw new Error('it holds more than its manifest says');
  for (let chunk = await reader.some(BLOCK_BYTES); chunk !== undefined; chunk = await reader.some(BLOCK_BYTES)) {
    if (chunk.some((byte) => byte !== 0)) throw new Error('something follows its end');
  }
}

/** Refuses a directory, a device and a missing file before any of it is read. */
export interface UnpackOptions {
  readonly directory: string;
  /** Called with the manifest before anything is unpacked; may refuse by throwing. */
  onManifest?(manifest: BackupManifest): void;
}

/** @throws INVALID_REQUEST with what is wrong; what was unpacked until then is the caller's to remove */
export async function unpackArchive(path: string, options: UnpackOptions): Promise<BackupManifest> {
  let manifest: BackupManifest | undefined;
  try {
    await pipeline(createReadStream(path), createGunzip(), async (stream: AsyncIterable<Buffer>) => {
      const reader = new ByteReader(stream);
      manifest = await readManifest(reader);
      options.onManifest?.(manifest);
      for (const index of manifest.entries.keys()) await unpackEntry(reader, { manifest, index, directory: options.directory });
      await expectEnd(reader);
    });
  } catch (error) {
    throw error instanceof GatewayError ? error : toUnusable(path, error);
  }
  if (manifest === undefined) throw unusable(path, 'it is empty');
  return manifest;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
  Z_DATA_ERROR: 'it is damaged, or no backup of xopc',
  Z_BUF_ERROR: 'it is cut off',
  ENOSPC: 'there is not enough space beside the database',
};

function toUnusable(path: string, error: unknown): GatewayError {
  const { code, message } = error as NodeJS.ErrnoException;
  return unusable(path, REASONS[code ?? ''] ?? message, error);
}
