import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfigText } from '../../../../shared/node/config/config-text.js';
import { keepVersion } from '../../../../shared/node/config/config-versions.js';
import { undoConfig, writeConfig, writeConfigText, type ConfigWriteOptions } from '../../../../shared/node/config/config-write.js';
import { buildFixture, exitOf, startFixture } from '../../../helpers/fixture-process.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function setUp(text?: string, validate: ConfigWriteOptions['validate'] = () => []): ConfigWriteOptions {
  const directory = tempDir();
  const path = join(directory, 'config.json');
  if (text !== undefined) writeFileSync(path, text, { mode: 0o644 });
  return { path, lockPath: join(directory, 'config.lock'), undoPath: join(directory, 'undo.json'), validate };
}

const read = (path: string): string => readFileSync(path, 'utf8');

test('an edit keeps comments, closes the file to others and keeps the text before it', async () => {
  const text = '{\n  // mine\n  "a": 1\n}\n';
  const options = setUp(text);
  const document = await writeConfig(options, [{ path: ['b'], value: { c: true } }]);
  expect(read(options.path)).toBe('{\n  // mine\n  "a": 1,\n  "b": {\n    "c": true\n  }\n}\n');
  expect(document.value).toEqual({ a: 1, b: { c: true } });
  expect(document.hash).toBe(parseConfigText(read(options.path), 'x').hash);
  expect(read(options.undoPath)).toBe(text);
  if (process.platform !== 'win32') expect(statSync(options.path).mode & 0o777).toBe(0o600);
  expect(existsSync(options.lockPath)).toBe(false);
});

test('a missing file, and its directory, are made', async () => {
  const options = setUp();
  const path = join(tempDir(), 'new', 'config.json');
  await writeConfig({ ...options, path }, [{ path: ['a'], value: 1 }]);
  expect(JSON.parse(read(path))).toEqual({ a: 1 });
});

test('a removed file with which a gateway runs is not begun anew', async () => {
  const options = { ...setUp(), isInEffect: true };
  await expect(writeConfig(options, [{ path: ['a'], value: 1 }])).rejects.toThrow('was removed; put it back');
  expect(existsSync(options.path)).toBe(false);
  await writeConfigText(options, '{}');
  await writeConfig(options, [{ path: ['a'], value: 1 }]);
  expect(JSON.parse(read(options.path))).toEqual({ a: 1 });
});

test('a symlinked file stays a symlink', async () => {
  const options = setUp();
  const real = join(tempDir(), 'real.json');
  writeFileSync(real, '{}');
  symlinkSync(real, options.path);
  await writeConfig(options, [{ path: ['a'], value: 1 }]);
  expect(lstatSync(options.path).isSymbolicLink()).toBe(true);
  expect(JSON.parse(read(real))).toEqual({ a: 1 });
});

test('a byte order mark is kept', async () => {
  const options = setUp('\uFEFF{}');
  await writeConfig(options, [{ path: ['a'], value: 1 }]);
  expect(read(options.path)).toMatch(/^\uFEFF\{/);
});

test.each([
  ['what is not text', Buffer.from([0xff, 0xfe, 0xff])],
  ['half a document', Buffer.from('{ "a": 1')],
  ['nothing', Buffer.alloc(0)],
])('an undo file damaged to %s is ignored, and an earlier version is restored', async (_title, content) => {
  const options = { ...setUp('{ "a": 1 }'), versionsDir: join(tempDir(), 'versions') };
  await writeConfig(options, [{ path: ['a'], value: 2 }]);
  writeFileSync(options.undoPath, content);
  await undoConfig(options);
  expect(read(options.path)).toBe('{ "a": 1 }');
  writeFileSync(options.undoPath, content);
  await expect(undoConfig({ ...options, versionsDir: join(options.path, '..', 'none') })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('where the text before cannot be kept, nothing is written', async () => {
  const options = setUp('{ "a": 1 }');
  const undoPath = join(options.path, '..', 'missing', 'undo.json');
  await expect(writeConfig({ ...options, undoPath }, [{ path: ['a'], value: 2 }])).rejects.toMatchObject({ code: 'ENOENT' });
  expect(read(options.path)).toBe('{ "a": 1 }');
  expect(readdirSync(join(options.path, '..'))).toEqual(['config.json']);
});

test('what the validator refuses is not written', async () => {
  const options = setUp('{ "a": 1 }', () => [{ key: 'a', message: 'is wrong' }]);
  await expect(writeConfig(options, [{ path: ['a'], value: 2 }])).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: 'a is wrong' });
  expect(read(options.path)).toBe('{ "a": 1 }');
  expect(readdirSync(join(options.path, '..'))).toEqual(['config.json']);
});

test('a text that is too long to be read again is not written', async () => {
  const options = setUp('{ "a": 1 }');
  await expect(writeConfig(options, [{ path: ['a'], value: 'x'.repeat(2_100_000) }])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/would have 21000\d\d bytes; at most 2097152 are read$/),
  });
  expect(read(options.path)).toBe('{ "a": 1 }');
});

test('a file that cannot be read is not edited', async () => {
  const options = setUp('{ "a": ');
  await expect(writeConfig(options, [{ path: ['a'], value: 2 }])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(read(options.path)).toBe('{ "a": ');
});

test.each([[['__proto__', 'x']], [['a', 'constructor']], [[]]])('the key %j is refused before anything is read', async (path) => {
  const options = setUp('{}');
  await expect(writeConfig(options, [{ path, value: 1 }])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  expect(read(options.path)).toBe('{}');
});

test('another revision than the expected one refuses the write', async () => {
  const options = setUp('{ "a": 1 }');
  const { hash } = parseConfigText('{ "a": 1 }', 'x');
  await writeConfig({ ...options, expectedHash: hash }, [{ path: ['a'], value: 2 }]);
  await expect(writeConfig({ ...options, expectedHash: hash }, [{ path: ['a'], value: 3 }])).rejects.toMatchObject({
    code: 'PRECONDITION_FAILED',
  });
  expect(JSON.parse(read(options.path))).toEqual({ a: 2 });
});

test('a revision is expected of a file that is gone', async () => {
  const options = setUp();
  await expect(writeConfig({ ...options, expectedHash: 'x' }, [{ path: ['a'], value: 3 }])).rejects.toMatchObject({
    code: 'PRECONDITION_FAILED',
  });
});

test('undo reverts the change, and a second undo restores it', async () => {
  const options = setUp('{ "a": 1 }');
  await writeConfigText(options, '{ "a": 2 } // two\n');
  await undoConfig(options);
  expect(read(options.path)).toBe('{ "a": 1 }');
  await undoConfig(options);
  expect(read(options.path)).toBe('{ "a": 2 } // two\n');
});

test('the very first change, which made the file, is undone too', async () => {
  const options = setUp();
  await writeConfig(options, [{ path: ['a'], value: 1 }]);
  expect(await undoConfig(options)).toMatchObject({ value: {} });
  await undoConfig(options);
  expect(JSON.parse(read(options.path))).toEqual({ a: 1 });
});

test('an edit by hand is undone where xopc has changed nothing: back to what a gateway ran with last', async () => {
  const options = { ...setUp('{ "a": 2 }'), versionsDir: join(tempDir(), 'versions') };
  for (const text of ['{ "a": 1 }', '{ "a": 2 }']) await keepVersion(options.versionsDir, text);
  writeFileSync(options.path, '{ "a": 2');
  await undoConfig(options);
  expect(read(options.path)).toBe('{ "a": 2 }');
});

test('without an earlier version there is nothing to undo', async () => {
  await expect(undoConfig(setUp('{}'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('four processes that write 25 keys each lose none', async () => {
  const options = setUp('{\n}\n');
  const script = buildFixture('config-writer');
  const children = [0, 1, 2, 3].map((writer) =>
    startFixture(script, [options.path, options.lockPath, options.undoPath, String(writer), '25']),
  );
  expect(await Promise.all(children.map(exitOf))).toEqual([0, 0, 0, 0]);
  const value = JSON.parse(read(options.path)) as Record<string, Record<string, number>>;
  for (const writer of [0, 1, 2, 3]) expect(Object.keys(value[`w${writer}`] ?? {})).toHaveLength(25);
});

test('a writer killed at any moment leaves a whole document, no lock that holds others up, and nothing lost', async () => {
  const options = setUp('{\n}\n');
  const script = buildFixture('config-writer');
  for (let round = 0; round < 8; round += 1) {
    const child = startFixture(script, [options.path, options.lockPath, options.undoPath, `k${round}`, '100000']);
    let told = 0;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (count) => {
        told = count as number;
        if (told > round) resolve();
      });
      child.once('exit', () => reject(new Error('the writer ended by itself')));
    });
    child.kill('SIGKILL');
    await exitOf(child);
    const value = JSON.parse(read(options.path)) as Record<string, Record<string, number>>;
    // The write that was under way may have got through; none that was acknowledged may be missing.
    expect(Object.keys(value[`wk${round}`] ?? {}).length).toBeGreaterThanOrEqual(told);
    await writeConfig(options, [{ path: ['after', round], value: round }]);
  }
  expect(Object.keys((JSON.parse(read(options.path)) as { after: object }).after)).toHaveLength(8);
});

test("a lock file that is a directory is the file system's own error, not an endless wait", async () => {
  const options = setUp('{}');
  mkdirSync(options.lockPath);
  await expect(writeConfig(options, [{ path: ['a'], value: 1 }])).rejects.toThrow(/EISDIR|EEXIST|directory/);
});
