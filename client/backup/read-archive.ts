/** Unpacks a backup into a directory. Nothing in it is trusted: names, sizes and hashes must match the manifest. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Extract, type Header } from 'tar-stream';
import { BACKUP_DATABASE, type BackupEntry, type BackupManifest, MANIFEST_NAME, manifestProblem } from '../../shared/backup.js';
import { MAX_CONFIG_BYTES } from '../../shared/config/defaults.js';
import { GatewayError } from '../../shared/errors.js';

const MAX_MANIFEST_BYTES = 65_536;

interface TarEntry {
  readonly header: Header;
  readonly stream: AsyncIterable<Buffer>;
}

export function unusable(path: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `${path} cannot be restored: ${reason}`,
    details: { path },
    hint: 'Nothing was changed.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Messages for errors of `tar-stream`. */
const TAR_REASONS = [
  { pattern: /^Unexpected end of data/, reason: 'it is truncated' },
  { pattern: /^(Invalid tar header|Invalid header|Header exceeds)/, reason: 'it is damaged: a header is invalid' },
];

async function readManifest({ header, stream }: TarEntry): Promise<BackupManifest> {
  if (header.name !== MANIFEST_NAME || header.type !== 'file' || header.size > MAX_MANIFEST_BYTES) {
    throw new Error('it is not a backup of xopc');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const manifest = JSON.parse(Buffer.concat(chunks).toString('utf8')) as BackupManifest;
  const problem = manifestProblem(manifest);
  if (problem !== undefined) throw new Error(problem);
  return manifest;
}

/** Writes one file; name, size and hash must be those of the manifest. */
async function unpackEntry({ header, stream }: TarEntry, wanted: BackupEntry | undefined, directory: string): Promise<void> {
  if (wanted === undefined) throw new Error('it contains more files than its manifest lists');
  if (header.type !== 'file') throw new Error(`'${header.name}' is not a regular file`);
  if (header.name !== wanted.name || header.size !== wanted.bytes) {
    throw new Error(`it does not match its manifest: '${header.name}' instead of '${wanted.name}'`);
  }
  if (wanted.name !== BACKUP_DATABASE && wanted.bytes > MAX_CONFIG_BYTES) throw new Error(`'${wanted.name}' is too large`);
  const hash = createHash('sha256');
  const file = await open(join(directory, wanted.name), 'wx', 0o600);
  try {
    for await (const chunk of stream) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (hash.digest('hex') !== wanted.sha256) throw new Error(`'${wanted.name}' is damaged: its checksum is wrong`);
}

/** Reads to the very end, past the last file, because gzip verifies its checksum only there. */
async function unpackEntries(tar: Extract, options: UnpackOptions): Promise<BackupManifest | undefined> {
  let manifest: BackupManifest | undefined;
  let count = 0;
  for await (const stream of tar) {
    const entry = { header: stream.header, stream: stream as AsyncIterable<Buffer> };
    if (manifest === undefined) {
      manifest = await readManifest(entry);
      options.onManifest?.(manifest);
    } else {
      await unpackEntry(entry, manifest.entries[count], options.directory);
      count += 1;
    }
  }
  if (manifest !== undefined && count < manifest.entries.length) throw new Error('it is truncated');
  return manifest;
}

interface UnpackOptions {
  readonly directory: string;
  /** Called with the manifest before anything is unpacked; may refuse by throwing. */
  onManifest?(manifest: BackupManifest): void;
}

/** @throws INVALID_REQUEST with what is wrong; the caller removes the files unpacked so far */
export async function unpackArchive(path: string, options: UnpackOptions): Promise<BackupManifest> {
  const tar = extract();
  const [unpacked, read] = await Promise.allSettled([unpackEntries(tar, options), pipeline(createReadStream(path), createGunzip(), tar)]);
  // If the file itself cannot be read, report that error; otherwise reading ended because unpacking failed.
  if (read.status === 'rejected' && REASONS[codeOf(read.reason)] !== undefined) throw toUnusable(path, read.reason);
  if (unpacked.status === 'rejected') throw toUnusable(path, unpacked.reason);
  if (read.status === 'rejected') throw toUnusable(path, read.reason);
  if (unpacked.value === undefined) throw unusable(path, 'it is empty');
  return unpacked.value;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
  Z_DATA_ERROR: 'it is damaged, or not a backup of xopc',
  Z_BUF_ERROR: 'it is truncated',
  ENOSPC: 'there is not enough disk space beside the database',
};

function toUnusable(path: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { message } = error as Error;
  const reason = REASONS[codeOf(error)] ?? TAR_REASONS.find(({ pattern }) => pattern.test(message))?.reason ?? message;
  return unusable(path, reason, error);
}

/** Returns what the archive at `path` contains; undefined for any other file, and for none. */
export async function readArchiveManifest(path: string): Promise<BackupManifest | undefined> {
  const tar = extract();
  // Ends as soon as the first entry is read.
  const reading = pipeline(createReadStream(path), createGunzip(), tar).catch(() => undefined);
  try {
    for await (const stream of tar) return await readManifest({ header: stream.header, stream: stream as AsyncIterable<Buffer> });
  } catch {
    // Not an archive of ours.
  } finally {
    await reading;
  }
  return undefined;
}
