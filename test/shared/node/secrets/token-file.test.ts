import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { maskToken } from '../../../../shared/config/secrets.js';
import { generateToken, loadOrCreateToken, readToken, rotateToken } from '../../../../shared/node/secrets/token-file.js';
import { buildFixture, startFixture } from '../../../helpers/fixture-process.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const isPosix = process.platform !== 'win32';

test('a token has 43 characters that need no escaping anywhere', () => {
  expect(generateToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(generateToken()).not.toBe(generateToken());
});

test.each([
  ['abcdefgh0123456789012345yzABCDEF', 'abcdefgh...yzABCDEF'],
  ['a'.repeat(31), '****'],
  ['short', '****'],
  ['', '****'],
])('%j is shown as %s', (token, shown) => {
  expect(maskToken(token)).toBe(shown);
});

test('the first call makes the token, the next ones read it', () => {
  const path = join(tempDir(), 'token');
  const token = loadOrCreateToken(path);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(loadOrCreateToken(path)).toBe(token);
  expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
  if (isPosix) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(path, '..'))).toEqual(['token']);
});

test.runIf(isPosix)('a file that others could read is closed', () => {
  const path = join(tempDir(), 'token');
  writeFileSync(path, 'mine-and-only-mine\r\n');
  chmodSync(path, 0o644);
  expect(loadOrCreateToken(path)).toBe('mine-and-only-mine');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['', 'an empty file'],
  ['\n \n', 'a blank file'],
])('%j (%s) is replaced by a token, and that is reported', (content) => {
  const path = join(tempDir(), 'token');
  writeFileSync(path, content);
  let replaced = 0;
  const token = loadOrCreateToken(path, () => (replaced += 1));
  expect([loadOrCreateToken(path, () => (replaced += 1)), replaced]).toEqual([token, 1]);
  expect(token).toHaveLength(43);
  expect(readToken(path)).toBe(token);
});

test('the mask of a token is not taken for the token', () => {
  const path = join(tempDir(), 'token');
  writeFileSync(path, `${maskToken('a'.repeat(43))}\n`);
  expect(() => loadOrCreateToken(path)).toThrow(`${path} contains the mask of a token, not the token`);
});

test('a dangling symlink is replaced by a token', () => {
  const path = join(tempDir(), 'token');
  symlinkSync(join(tempDir(), 'gone'), path);
  expect(readToken(path)).toBeUndefined();
  expect(loadOrCreateToken(path, () => expect.fail('it had no token'))).toHaveLength(43);
});

test.each([['two words'], ['tab\there'], ['schlüssel'], ['a\nb'], ['x'.repeat(5_000)]])(
  '%.12j cannot be a token and is left alone',
  (content) => {
    const path = join(tempDir(), 'token');
    writeFileSync(path, content);
    expect(() => loadOrCreateToken(path)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(readFileSync(path, 'utf8')).toBe(content);
  },
);

test('a directory or a FIFO in its place is told, not waited for', () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'dir'));
  expect(() => readToken(join(directory, 'dir'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  if (!isPosix) return;
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  expect(() => readToken(join(directory, 'fifo'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('rotation replaces the token', async () => {
  const path = join(tempDir(), 'token');
  const old = loadOrCreateToken(path);
  const token = await rotateToken(path);
  expect(token).not.toBe(old);
  expect(readToken(path)).toBe(token);
});

test('eight processes that start at once get one and the same token', async () => {
  const directory = tempDir();
  const script = buildFixture('token-maker');
  const tokens = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const child = startFixture(script, [join(directory, 'token')]);
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.once('message', () => child.send('go'));
      // Its exit may come before the last of its output.
      expect(await once(child, 'close')).toEqual([0, null]);
      return text;
    }),
  );
  expect(new Set(tokens).size).toBe(1);
  expect(tokens[0]).toBe(readFileSync(join(directory, 'token'), 'utf8').trim());
  expect(readdirSync(directory)).toEqual(['token']);
});
