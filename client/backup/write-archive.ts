/** Writes a backup: the manifest, then the files, gzipped into a private file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { callbackify } from 'node:util';
import { createGzip } from 'node:zlib';
import { pack as createPack, type Pack } from 'tar-stream';
import { type BackupEntry, type BackupManifest, type BackupName, MANIFEST_NAME } from '../../shared/backup.js';
import { GatewayError } from '../../shared/errors.js';
import { publishFile } from '../output/target-file.js';

/** A file of the backup and its source path. The source must not change during the backup. */
interface ArchiveSource {
  readonly name: BackupName;
  readonly path: string;
}

interface ArchiveOptions {
  readonly manifest: BackupManifest;
  readonly sources: readonly ArchiveSource[];
  readonly isOverwriting: boolean;
  /** Where the archive is written first; on the same file system as its final path. */
  readonly temporary: string;
}

/** Size and hash of a file. */
export async function measure({ name, path }: ArchiveSource): Promise<BackupEntry> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

/** Puts the manifest and the files into `pack`, one after the other. @throws CONFLICT where a file's size has changed */
async function fill(pack: Pack, { manifest, sources }: Pick<ArchiveOptions, 'manifest' | 'sources'>): Promise<void> {
  const common = { mode: 0o600, mtime: new Date(manifest.createdAt) };
  pack.entry({ ...common, name: MANIFEST_NAME }, `${JSON.stringify(manifest, null, 2)}\n`);
  for (const { name, bytes } of manifest.entries) {
    const path = sources.find((source) => source.name === name)?.path ?? name;
    try {
      await pipeline(createReadStream(path), pack.entry({ ...common, name, size: bytes }));
    } catch (error) {
      if ((error as Error).message !== 'Size mismatch') throw error;
      throw new GatewayError('CONFLICT', { message: `${name} changed while it was copied`, hint: 'Try again.', cause: error });
    }
  }
  pack.finalize();
}

async function compress(file: FileHandle, options: Pick<ArchiveOptions, 'manifest' | 'sources'>): Promise<void> {
  const pack = createPack();
  const write = callbackify((chunk: Buffer, _encoding: string) => file.writeFile(chunk));
  const written = pipeline(pack, createGzip(), new Writable({ write }));
  const filled = fill(pack, options).catch((error: unknown) => {
    pack.destroy(error as Error);
    throw error;
  });
  const outcomes = await Promise.allSettled([filled, written]);
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as NodeJS.ErrnoException] : []));
  // A write failure, e.g. on a full disk, also stops packing, with an error that does not name the cause.
  const [first] = errors.toSorted((one, other) => Number(one.code === 'ABORT_ERR') - Number(other.code === 'ABORT_ERR'));
  if (first !== undefined) throw first;
}

/**
 * Writes the archive (mode 0600, synced, under its name only when complete). @returns its size in bytes
 * @throws CONFLICT when the file exists and must not be replaced; the file system's own error otherwise
 */
export async function writeArchive(target: string, { isOverwriting, temporary, ...contents }: ArchiveOptions): Promise<number> {
  const file = await open(temporary, 'wx', 0o600);
  try {
    await compress(file, contents);
    await file.sync();
    await file.close();
    if (process.platform !== 'win32') await chmod(temporary, 0o600);
    const { size } = await stat(temporary);
    await publishFile(temporary, target, { isOverwriting });
    return size;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
