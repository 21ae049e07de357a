import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { unpackArchive } from '../../../client/backup/read-archive.js';
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
  await writeArchive(file, { manifest, sources, isOverwriting: false, temporary: `${file}.part` });
  return { file, directory };
}

function target(): string {
  const path = join(tempDir(), 'out');
  mkdirSync(path);
  return path;
}

/** A tar archive of these entries, each without content unless it has one. */
async function tarOf(...entries: [Parameters<ReturnType<typeof pack>['entry']>[0], string?][]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content = ''] of entries) tar.entry(header, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('what was written is unpacked byte by byte, and other programs read it too', async () => {
  const { file, directory } = await archive();
  const out = target();
  expect((await unpackArchive(file, { directory: out })).entries.map(({ name }) => name)).toEqual(['config.json', 'gateway.db']);
  for (const name of ['config.json', 'gateway.db'])
    expect(readFileSync(join(out, name), 'base64')).toBe(readFileSync(join(directory, name), 'base64'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })).toBe('manifest.json\nconfig.json\ngateway.db\n');
  expect(execFileSync('tar', ['-xzOf', file, 'config.json'], { encoding: 'utf8' })).toBe(TEXT);
});

test('an existing file is not replaced without --force, and no temporary file is left', async () => {
  const { file, directory } = await archive();
  const before = readFileSync(file);
  const options = { manifest: { entries: [], createdAt: '2026-01-01T00:00:00.000Z' } as unknown as BackupManifest, sources: [] };
  await expect(writeArchive(file, { ...options, isOverwriting: false, temporary: `${file}.part` })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  expect(readFileSync(file)).toEqual(before);
  await writeArchive(file, { ...options, isOverwriting: true, temporary: `${file}.part` });
  expect(readFileSync(file)).not.toEqual(before);
  expect(readdirSync(directory).toSorted()).toEqual(['backup.tar.gz', 'config.json', 'gateway.db']);
});

describe('an invalid backup is refused with the reason', () => {
  const sha256 = createHash('sha256').update(TEXT).digest('hex');
  test.each([
    { name: 'another format', extra: { format: 'tarball' as typeof BACKUP_FORMAT }, says: 'not a backup of xopc' },
    { name: 'a newer version', extra: { version: 2 }, says: 'it was created by a newer xopc (0.1.0)' },
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

  test.each(['\u001b]0;owned\u0007', 'yesterday', '2026-11-24', '2026-13-24T19:24:03.000Z', 7, null])('a time of %j', async (createdAt) => {
    const manifest = { format: BACKUP_FORMAT, version: BACKUP_VERSION, createdAt, gatewayVersion: '0.1.0', schemaVersion: 5, entries: [] };
    const file = join(tempDir(), 'x.tar.gz');
    writeFileSync(file, gzipSync(await tarOf([{ name: 'manifest.json' }, JSON.stringify(manifest)])));
    await expect(unpackArchive(file, { directory: target() })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('its manifest is incomplete') as string,
    });
  });

  test.each([
    { name: 'a damaged header', change: (tar: Buffer) => tar.fill(1, 2, 4), says: 'header is invalid' },
    { name: 'an end in the middle of a file', change: (tar: Buffer) => tar.subarray(0, 50_000), says: 'is truncated' },
    { name: 'an end between two files', change: (tar: Buffer) => tar.subarray(0, 4 * 512), says: 'is truncated' },
    { name: 'no file at all', change: () => Buffer.alloc(1_024), says: 'is empty' },
    { name: 'something behind the end', change: (tar: Buffer) => Buffer.concat([tar, Buffer.alloc(512, 3)]), says: 'header is invalid' },
    {
      name: 'less than a block behind the end',
      change: (tar: Buffer) => Buffer.concat([tar, Buffer.from('x')]),
      says: 'is truncated',
    },
    {
      name: 'a second archive behind the end',
      change: (tar: Buffer) => Buffer.concat([tar, tar]),
      says: 'more files than its manifest lists',
    },
    {
      name: 'one file more',
      change: async (tar: Buffer) => Buffer.concat([tar.subarray(0, -1_024), await tarOf([{ name: 'evil' }])]),
      says: 'more files than its manifest lists',
    },
    {
      name: 'a name that leads elsewhere',
      change: async (tar: Buffer) => Buffer.concat([tar.subarray(0, 1_024), await tarOf([{ name: '../config.json' }, TEXT])]),
      says: "'../config.json' instead of 'config.json'",
    },
    {
      name: 'another size',
      change: async (tar: Buffer) => Buffer.concat([tar.subarray(0, 1_024), await tarOf([{ name: 'config.json' }, `${TEXT}more`])]),
      says: "'config.json' instead of 'config.json'",
    },
    {
      name: 'a link in the place of a file',
      change: async (tar: Buffer) =>
        Buffer.concat([tar.subarray(0, 1_024), await tarOf([{ name: 'config.json', type: 'symlink', linkname: '/etc/passwd' }])]),
      says: 'not a regular file',
    },
    {
      name: 'a directory in the place of a file',
      change: async (tar: Buffer) => Buffer.concat([tar.subarray(0, 1_024), await tarOf([{ name: 'config.json', type: 'directory' }])]),
      says: 'not a regular file',
    },
  ])('$name', async ({ change, says }) => {
    const { file } = await archive();
    writeFileSync(file, gzipSync(await change(gunzipSync(readFileSync(file)))));
    const directory = target();
    await expect(unpackArchive(file, { directory })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(says) as string,
    });
    expect(readdirSync(directory).filter((name) => !['config.json', 'gateway.db'].includes(name))).toEqual([]);
  });

  test('a file that was cut off while it was copied', async () => {
    const { file } = await archive();
    writeFileSync(file, readFileSync(file).subarray(0, -20));
    await expect(unpackArchive(file, { directory: target() })).rejects.toMatchObject({
      message: expect.stringContaining('it is truncated') as string,
    });
  });

  test('an uncompressed file, and a missing one', async () => {
    const path = join(tempDir(), 'x');
    await expect(unpackArchive(path, { directory: target() })).rejects.toMatchObject({
      message: expect.stringContaining('the file does not exist') as string,
    });
    writeFileSync(path, 'hello');
    await expect(unpackArchive(path, { directory: target() })).rejects.toMatchObject({
      message: expect.stringContaining('damaged') as string,
    });
    expect(existsSync(path)).toBe(true);
  });
});

test('a file whose size changes during the backup fails it, and nothing is left', async () => {
  const directory = tempDir();
  const source = { name: 'config.json' as const, path: join(directory, 'config.json') };
  writeFileSync(source.path, TEXT);
  const entries = [await measure(source)];
  writeFileSync(source.path, `${TEXT}${TEXT}`);
  const manifest = { entries, createdAt: '2026-11-24T19:24:03.000Z' } as unknown as BackupManifest;
  const file = join(directory, 'backup.tar.gz');
  const outcome = writeArchive(file, { manifest, sources: [source], isOverwriting: false, temporary: `${file}.part` });
  await expect(outcome).rejects.toMatchObject({ code: 'CONFLICT', message: 'config.json changed while it was copied' });
  expect(readdirSync(directory)).toEqual(['config.json']);
});
