/** Writes a backup: first the manifest with what is to follow, then the files, through gzip into a file of ours alone. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type BackupEntry, type BackupManifest, type BackupName, MANIFEST_NAME } from '../../shared/backup.js';
import { GatewayError } from '../../shared/errors.js';
import { syncDirectory, temporaryName } from '../../shared/node/files/atomic-file.js';
import { BLOCK_BYTES, encodeHeader, paddingOf } from './tar-header.js';

/** A file of the backup, and where its content lies now. It must not change while it is written. */
export interface ArchiveSource {
  readonly name: BackupName;
  readonly path: string;
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

interface Content {
  readonly name: string;
  readonly bytes: number;
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
}

async function* tarOf(contents: Iterable<Content>, mtimeMs: number): AsyncGenerator<Buffer> {
  for (const { name, bytes, chunks } of contents) {
    yield encodeHeader({ name, bytes, mtimeMs });
    let left = bytes;
    for await (const chunk of chunks) {
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw new GatewayError('CONFLICT', { message: `${name} changed while it was copied`, hint: 'Try again.' });
    yield Buffer.alloc(paddingOf(bytes));
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function* contentsOf(manifest: BackupManifest, sources: readonly ArchiveSource[]): Generator<Content> {
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  yield { name: MANIFEST_NAME, bytes: text.length, chunks: [text] };
  for (const { name, bytes } of manifest.entries) {
    const path = sources.find((source) => source.name === name)?.path ?? name;
    yield { name, bytes, chunks: createReadStream(path) as AsyncIterable<Buffer> };
  }
}

/** Until it has its name, nobody takes the file for a backup. */
async function publish(temporary: string, target: string, isOverwriting: boolean): Promise<void> {
  if (isOverwriting) await rename(temporary, target);
  else {
    try {
      await link(temporary, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(target);
      // A file system without links.
      if (existsSync(target)) throw alreadyThere(target);
      return rename(temporary, target);
    }
    await unlink(temporary);
  }
  await syncDirectory(dirname(target));
}

export function alreadyThere(path: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `${path} exists`,
    details: { path },
    hint: 'Name another file, or replace it with --force.',
  });
}

/**
 * Writes the archive (mode 0600, synced, under its name only when complete). @returns its size in bytes
 * @throws CONFLICT where the file exists and is not to be replaced; the file system's own error otherwise
 */
export async function writeArchive(
  target: string,
  options: { manifest: BackupManifest; sources: readonly ArchiveSource[]; isOverwriting: boolean },
): Promise<number> {
  const { manifest, sources, isOverwriting } = options;
  await mkdir(dirname(target), { recursive: true });
  const temporary = temporaryName(target);
  const file = await open(temporary, 'wx', 0o600);
  try {
    const tar = Readable.from(tarOf(contentsOf(manifest, sources), Date.parse(manifest.createdAt)));
    await pipeline(tar, createGzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) await file.writeFile(chunk);
    });
    await file.sync();
    await file.close();
    if (process.platform !== 'win32') await chmod(temporary, 0o600);
    const { size } = await stat(temporary);
    await publish(temporary, target, isOverwriting);
    return size;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
