import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { unpackArchive } from '../../../client/backup/read-archive.js';
import { BLOCK_BYTES, decodeHeader, encodeHeader } from '../../../client/backup/tar-header.js';
import { measure, writeArchive } from '../../../client/backup/write-archive.js';
import { BACKUP_FORMAT, BACKUP_VERSION, type BackupManifest } from '../../../shared/backup.js';
import { tempDir } from '../../helpers/temp-dir.js';

const TEXT = '{ "gateway": {} }\n';

async function archive(extra: Partial<BackupManifest> = {}): Promise<{ file: string; directory: string }> {
  const directory = tempDir();
  const sources = [
    { name: 'config.json' as const, path: join(directory, 'config.json') },
    { name: 'gateway.db' as const, path: join(directory, 'gateway.db') },
  ];
  writeFileSync(join(directory, 'config.json'), TEXT);
  writeFileSync(join(directory, 'gateway.db'), Buffer.alloc(100_000, 7));
  const manifest: BackupManifest = {
    format: BACKUP_FORMAT,
    version: BACKUP_VERSION,
    createdAt: '2026-11-24T19:24:03.000Z',
    gatewayVersion: '0.1.0',
    schemaVersion: 5,
    entries: await Promise.all(sources.map(measure)),
    ...extra,
  };
  const file = join(directory, 'backup.tar.gz');
  await writeArchive(file, { manifest, sources, isOverwriting: false });
  return { file, directory };
}

function target(): string {
  const path = join(tempDir(), 'out');
  mkdirSync(path);
  return path;
}

/** Changes the tar inside. */
function rewrite(file: string, change: (tar: Buffer) => Buffer): void {
  writeFileSync(file, gzipSync(change(gunzipSync(readFileSync(file)))));
}

test('what was written is unpacked byte by byte, and other programs read it too', async () => {
  const { file, directory } = await archive();
  const out = target();
  expect((await unpackArchive(file, { directory: out })).entries.map(({ name }) => name)).toEqual(['config.json', 'gateway.db']);
  for (const name of ['config.json', 'gateway.db']) expect(readFileSync(join(out, name))).toEqual(readFileSync(join(directory, name)));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })).toBe('manifest.json\nconfig.json\ngateway.db\n');
  expect(execFileSync('tar', ['-xzOf', file, 'config.json'], { encoding: 'utf8' })).toBe(TEXT);
});

test('a file that exists is not replaced unasked, and nothing else is left there', async () => {
  const { file, directory } = await archive();
  const before = readFileSync(file);
  const options = { manifest: { entries: [], createdAt: '2026-01-01T00:00:00.000Z' } as unknown as BackupManifest, sources: [] };
  await expect(writeArchive(file, { ...options, isOverwriting: false })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(readFileSync(file)).toEqual(before);
  await writeArchive(file, { ...options, isOverwriting: true });
  expect(readFileSync(file)).not.toEqual(before);
  expect(readdirSync(directory).toSorted()).toEqual(['backup.tar.gz', 'config.json', 'gateway.db']);
});

describe('what is no sound backup is refused with the reason', () => {
  const sha256 = createHash('sha256').update(TEXT).digest('hex');
  test.each([
    { name: 'another format', extra: { format: 'tarball' as typeof BACKUP_FORMAT }, says: 'not a backup of xopc' },
    { name: 'a newer version', extra: { version: 2 }, says: 'a newer xopc (0.1.0) has made it' },
    { name: 'a foreign name', extra: { entries: [{ name: '../x' as 'token', bytes: 1, sha256 }] }, says: 'unusable entries' },
    {
      name: 'a wrong hash',
      extra: { entries: [{ name: 'config.json' as const, bytes: TEXT.length, sha256: '0'.repeat(64) }] },
      says: "'config.json' is damaged",
    },
    { name: 'more than it says', extra: { entries: [{ name: 'config.json' as const, bytes: TEXT.length, sha256 }] }, says: undefined },
  ])('$name', async ({ extra, says }) => {
    const { file } = await archive(extra).catch(() => ({ file: '' }));
    if (file === '') return;
    const outcome = unpackArchive(file, { directory: target() });
    if (says === undefined) await outcome;
    else await expect(outcome).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(says) as string });
  });

  test.each([
    { name: 'a damaged header', change: (tar: Buffer) => tar.fill(1, 2, 4), says: 'wrong checksum' },
    { name: 'an end in the middle', change: (tar: Buffer) => tar.subarray(0, 50_000), says: 'ends in the middle' },
    {
      name: 'something behind the end',
      change: (tar: Buffer) => Buffer.concat([tar, Buffer.alloc(BLOCK_BYTES, 3)]),
      says: 'follows its end',
    },
    {
      name: 'one file more',
      change: (tar: Buffer) =>
        Buffer.concat([tar.subarray(0, -1_024), encodeHeader({ name: 'evil', bytes: 0, mtimeMs: 0 }), Buffer.alloc(1_024)]),
      says: 'more than its manifest says',
    },
  ])('$name', async ({ change, says }) => {
    const { file } = await archive();
    rewrite(file, change);
    await expect(unpackArchive(file, { directory: target() })).rejects.toMatchObject({ message: expect.stringContaining(says) as string });
  });

  test('a file that is not compressed, and none', async () => {
    const path = join(tempDir(), 'x');
    await expect(unpackArchive(path, { directory: target() })).rejects.toMatchObject({
      message: expect.stringContaining('no such file') as string,
    });
    writeFileSync(path, 'hello');
    await expect(unpackArchive(path, { directory: target() })).rejects.toMatchObject({
      message: expect.stringContaining('damaged') as string,
    });
    expect(existsSync(path)).toBe(true);
  });
});

test.each([0, 1, 511, 0o77_777_777_777, 0o77_777_777_777 + 1, 2 ** 40])('a header carries a size of %i', (bytes) => {
  expect(decodeHeader(encodeHeader({ name: 'gateway.db', bytes, mtimeMs: 0 }))).toEqual({ name: 'gateway.db', bytes });
});

test('a link, a device or a directory is no part of a backup', () => {
  const block = encodeHeader({ name: 'token', bytes: 0, mtimeMs: 0 });
  block.write('2', 156);
  block.write('000000\0 ', 148);
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  expect(decodeHeader(block)).toContain('not a regular file');
});
