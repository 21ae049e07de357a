import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesInEffect, loadConfigFile } from '../../../../shared/node/config/config-file.js';
import { configInvalid, parseConfigText } from '../../../../shared/node/config/config-text.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function fileWith(content: string | Buffer): string {
  const path = join(tempDir(), 'config.json');
  writeFileSync(path, content);
  return path;
}

test('a missing file is an empty document that says so', () => {
  const document = loadConfigFile({ path: join(tempDir(), 'config.json') });
  expect(document).toMatchObject({ exists: false, value: {}, problems: [] });
});

test('a link to nothing is not a missing file', () => {
  const path = join(tempDir(), 'config.json');
  symlinkSync('/not-mounted/config.json', path);
  expect(() => loadConfigFile({ path })).toThrow(`${path} points to /not-mounted/config.json, which does not exist`);
});

test('references are filled in, the written form stays at hand', () => {
  const path = fileWith('{ "gateway": { "auth": { "api_key": "${KEY}" } } }');
  const { value, raw, exists, file } = loadConfigFile({ path, lookup: () => 'k' });
  expect(value).toEqual({ gateway: { auth: { api_key: 'k' } } });
  expect(raw).toEqual({ gateway: { auth: { api_key: '${KEY}' } } });
  expect({ exists, file }).toEqual({ exists: true, file: path });
});

test('the hash changes with the text and with nothing else', () => {
  const first = parseConfigText('{}', 'a', () => undefined);
  expect(parseConfigText('{}', 'b', () => 'x').hash).toBe(first.hash);
  expect(parseConfigText('{ }', 'a').hash).not.toBe(first.hash);
  expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
});

test('a byte order mark is no part of the text, and positions do not count it', () => {
  const document = loadConfigFile({ path: fileWith('\uFEFF{ "a": 1 }') });
  expect(document.problems).toEqual([]);
  expect(document.locate(['a'])).toEqual({ line: 1, column: 8 });
});

test.each([
  ['', /is empty/],
  [' \n\t', /is empty/],
  ['\uFEFF', /is empty/],
  ['// only a comment\n', /must be an object/],
  ['[]', /must be an object/],
  ['null', /must be an object/],
  ['"x"', /must be an object/],
  ['{ "a": }', /value is expected/],
])('%j has a problem and an empty value', (text, message) => {
  const { problems, value } = parseConfigText(text, 'config.json');
  expect(problems).toEqual([expect.objectContaining({ file: 'config.json', line: 1, message: expect.stringMatching(message) })]);
  expect(value).toEqual({});
});

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message), hint: expect.stringMatching(/\S/) });

test.each([
  ['UTF-16, little end first', Buffer.from('\uFEFF{}', 'utf16le'), /UTF-16/],
  ['UTF-16, big end first', Buffer.from('\uFEFF{}', 'utf16le').swap16(), /UTF-16/],
  ['Latin-1', Buffer.from('{ "a": "\xfc" }', 'latin1'), /not UTF-8/],
  ['more than two mebibytes', Buffer.alloc(2_097_153, 0x20), /2097153 bytes; at most 2097152/],
])('a file with %s is refused', (_title, content, message) => {
  expect(() => loadConfigFile({ path: fileWith(content) })).toThrow(invalid(message));
});

test('a file of exactly a mebibyte is read', () => {
  expect(loadConfigFile({ path: fileWith(`{${' '.repeat(1_048_574)}}`) }).problems).toEqual([]);
});

test('a directory in its place is refused', () => {
  const path = join(tempDir(), 'config.json');
  mkdirSync(path);
  expect(() => loadConfigFile({ path })).toThrow(invalid(/is a directory/));
});

test.runIf(process.platform !== 'win32')('a FIFO in its place is refused without waiting for a writer', () => {
  const path = join(tempDir(), 'config.json');
  execFileSync('mkfifo', [path]);
  expect(() => loadConfigFile({ path })).toThrow(invalid(/not a regular file/));
});

test.runIf(process.getuid !== undefined && process.getuid() !== 0)('an unreadable file is reported as such', () => {
  const path = fileWith('{}');
  chmodSync(path, 0o000);
  expect(() => loadConfigFile({ path })).toThrow(invalid(/may not be read/));
});

test('the error for several problems shows the first and counts the rest', () => {
  const problems = [{ file: 'c', line: 1, column: 2, key: 'k', message: 'is wrong' }, { message: 'b' }, { message: 'c' }];
  expect(configInvalid('c', problems)).toMatchObject({ message: 'c:1:2 k is wrong (and 2 more)', details: { problems } });
});

test('the hint names the earlier versions only for the file that has some', () => {
  const hintOf = (file: string) => configInvalid('/x/config.json', [{ file, message: 'is empty' }]).hint;
  expect(hintOf('/x/config.json')).toContain('xopc config versions');
  expect(hintOf('/x/models.json')).not.toContain('xopc config versions');
});

test('a last good copy that is damaged counts as one', () => {
  const directory = tempDir();
  const at = (name: string) => join(directory, name);
  const paths = { configPath: at('c'), modelsPath: at('m'), lastGoodConfigPath: at('lc'), lastGoodModelsPath: at('lm') };
  writeFileSync(paths.lastGoodConfigPath, Buffer.from([0xff, 0xfe, 0xff]));
  expect(filesInEffect(paths)).toEqual([paths.configPath]);
});
