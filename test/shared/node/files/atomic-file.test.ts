import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createFile,
  ensureHomeDirectory,
  ensurePrivateDirectory,
  writeFileAtomic,
  writeFilesAtomic,
} from '../../../../shared/node/files/atomic-file.js';
import { temporaryName } from '../../../../shared/node/files/temporary-file.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const isRoot = process.getuid?.() === 0;
const isPosix = process.platform !== 'win32';
const mode = (path: string): number => statSync(path).mode & 0o7777;

describe('writeFileAtomic', () => {
  test('makes a file that only we can read and leaves nothing beside it', async () => {
    const directory = tempDir();
    await writeFileAtomic(join(directory, 'a'), 'one');
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('one');
    expect(readdirSync(directory)).toEqual(['a']);
    if (isPosix) expect(mode(join(directory, 'a'))).toBe(0o600);
  });

  test.runIf(isPosix)('gives the mode that was asked for, whatever the umask', async () => {
    const path = join(tempDir(), 'a');
    const before = process.umask(0o077);
    await writeFileAtomic(path, '', { mode: 0o644 }).finally(() => process.umask(before));
    expect(mode(path)).toBe(0o644);
  });

  test('replaces the content and repairs the mode', async () => {
    const path = join(tempDir(), 'a');
    writeFileSync(path, 'old', { mode: 0o666 });
    await writeFileAtomic(path, Buffer.from('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
    if (isPosix) expect(mode(path)).toBe(0o600);
  });

  test.each([
    ['that exists', true],
    ['that does not exist yet', false],
  ])('a symlink stays, and the target %s gets the content', async (_title, exists) => {
    const directory = tempDir();
    mkdirSync(join(directory, 'real'));
    if (exists) writeFileSync(join(directory, 'real', 'file'), 'old');
    symlinkSync(join('real', 'file'), join(directory, 'link'));
    await writeFileAtomic(join(directory, 'link'), 'new');
    expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, 'real', 'file'), 'utf8')).toBe('new');
  });

  test('a symlink that cannot be followed stays, and nothing is written', async () => {
    const directory = tempDir();
    symlinkSync('itself', join(directory, 'itself'));
    await expect(writeFileAtomic(join(directory, 'itself'), 'new')).rejects.toMatchObject({ code: 'ELOOP' });
    expect([readdirSync(directory), lstatSync(join(directory, 'itself')).isSymbolicLink()]).toEqual([['itself'], true]);
  });

  test('after an error the old file is whole and no temp file is left', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'target', 'full'), { recursive: true });
    await expect(writeFileAtomic(join(directory, 'target'), 'x')).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM|EEXIST/);
    expect(readdirSync(directory)).toEqual(['target']);
  });

  test("a directory that is not there is the file system's own error", async () => {
    await expect(writeFileAtomic(join(tempDir(), 'no', 'a'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('temp files of killed writers are removed, fresh ones and others stay', async () => {
    const directory = tempDir();
    const path = join(directory, 'a');
    const [old, fresh, ofAnother] = [temporaryName(path), temporaryName(path), temporaryName(join(directory, 'b'))];
    for (const left of [old, ofAnother]) {
      writeFileSync(left, '');
      utimesSync(left, 0, 0);
    }
    writeFileSync(fresh, '');
    writeFileSync(join(directory, '.a.notes.tmp'), '');
    await writeFileAtomic(path, 'x');
    expect(readdirSync(directory).toSorted()).toEqual(['a', '.a.notes.tmp', fresh.slice(directory.length + 1)].toSorted());
  });

  test('of several files none is changed when one cannot be written', async () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'a'), 'old');
    const files = [join(directory, 'a'), join(directory, 'no', 'b')].map((path) => ({ path, data: 'new' }));
    await expect(writeFilesAtomic(files)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['a']);
  });

  test('a reader never sees anything but one of the complete versions', async () => {
    const path = join(tempDir(), 'a');
    const versions = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
    await writeFileAtomic(path, versions[0] ?? '');
    let isWriting = true;
    const writing = Promise.all(versions.map((version) => writeFileAtomic(path, version))).finally(() => {
      isWriting = false;
    });
    while (isWriting) {
      expect(versions).toContain(readFileSync(path, 'utf8'));
      await new Promise(setImmediate);
    }
    await writing;
  });

  test.runIf(isRoot)("as root, a file of a user stays that user's", async () => {
    const path = join(tempDir(), 'a');
    writeFileSync(path, 'old');
    chownSync(path, 12_345, 12_346);
    await writeFileAtomic(path, 'new');
    expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 12_346 });
  });
});

describe.runIf(isPosix)('ensurePrivateDirectory', () => {
  test('makes the directory and its parents for us alone', () => {
    const path = join(tempDir(), 'a', 'b');
    ensurePrivateDirectory(path);
    expect(mode(path)).toBe(0o700);
  });

  test('closes one that is open to others', () => {
    const path = join(tempDir(), 'a');
    mkdirSync(path);
    chmodSync(path, 0o777);
    ensurePrivateDirectory(path);
    expect(mode(path)).toBe(0o700);
  });

  test('takes a symlink of ours to a directory of ours', () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'real'), { mode: 0o755 });
    symlinkSync(join(directory, 'real'), join(directory, 'link'));
    ensurePrivateDirectory(join(directory, 'link'));
    expect(mode(join(directory, 'real'))).toBe(0o700);
  });

  const refused = expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringMatching(/\S/) });

  test.each([
    ['a file', (path: string) => writeFileSync(path, '')],
    ['a shared directory', (path: string) => (mkdirSync(path), chmodSync(path, 0o1777))],
    ['a dangling symlink', (path: string) => symlinkSync('/nowhere/at/all', path)],
  ])('refuses %s', (_title, make) => {
    const path = join(tempDir(), 'a');
    make(path);
    expect(() => ensurePrivateDirectory(path)).toThrow(refused);
  });

  test.runIf(isRoot)("refuses another user's directory, and one behind another user's symlink", () => {
    const directory = tempDir();
    const [theirs, ours] = [join(directory, 'theirs'), join(directory, 'ours')];
    mkdirSync(theirs);
    chownSync(theirs, 12_345, 12_345);
    symlinkSync(theirs, ours);
    expect(() => ensurePrivateDirectory(theirs)).toThrow(refused);
    expect(() => ensurePrivateDirectory(ours)).toThrow(/belongs to user id 12345/);
  });
});

describe.runIf(isPosix)('ensureHomeDirectory', () => {
  const open = (...names: string[]): string => {
    const path = join(tempDir(), 'home');
    mkdirSync(path);
    for (const name of names) mkdirSync(join(path, name));
    chmodSync(path, 0o755);
    return path;
  };

  test.each([[[]], [['lost+found']], [['locks', 'notes']]])('closes one with %j in it', (names) => {
    const path = open(...names);
    ensureHomeDirectory(path);
    expect(mode(path)).toBe(0o700);
  });

  test('leaves a directory of other things as it is, whoever it belongs to', () => {
    const path = open('kernel', 'devices');
    expect(() => ensureHomeDirectory(path)).toThrow('it contains other files and is accessible to other users');
    expect(mode(path)).toBe(0o755);
    chmodSync(path, 0o700);
    ensureHomeDirectory(path);
  });
});

test('a file is created whole and private; what is at its path already stays', () => {
  const directory = tempDir();
  const path = join(directory, 'owner.json');
  expect(createFile(path, 'first')).toBe(true);
  if (isPosix) expect(mode(path)).toBe(0o600);
  expect(createFile(path, 'second')).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe('first');
  expect(readdirSync(directory)).toEqual(['owner.json']);
});
