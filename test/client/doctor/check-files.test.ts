import { chmodSync, mkdirSync, rmdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkDirectories, checkDisk, checkLog, checkPrivateFiles, checkTokenFile } from '../../../client/doctor/check-files.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { testPaths } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

function tokenFile(text: string, fileMode = 0o600): GatewayPaths {
  const paths = testPaths();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  writeFileSync(paths.tokenPath, text, { mode: fileMode });
  chmodSync(paths.tokenPath, fileMode);
  return paths;
}

describe('permissions', () => {
  test('of a fresh home are as they should be, and nothing is made', () => {
    const paths = testPaths();
    chmodSync(paths.home, 0o700);
    for (const check of [checkDirectories, checkPrivateFiles, checkTokenFile]) expect(check(paths)).toMatchObject({ level: 'ok' });
  });

  test('of accessible directories are reported with the command, and repaired', async () => {
    const paths = testPaths();
    chmodSync(paths.home, 0o700);
    mkdirSync(paths.stateDir, { mode: 0o755 });
    chmodSync(paths.stateDir, 0o755);
    const finding = checkDirectories(paths);
    expect(finding).toMatchObject({
      level: 'fail',
      message: `${paths.stateDir} is accessible to other users (0755)`,
      fix: `chmod 700 ${paths.stateDir}`,
    });
    expect(mode(paths.stateDir)).toBe('755');
    expect(await finding.repair?.()).toBe(`chmod 700 ${paths.stateDir}`);
    expect(mode(paths.stateDir)).toBe('700');
    expect(checkDirectories(paths)).toMatchObject({ level: 'ok' });
  });

  test('of the data directory of another configuration are checked, too', () => {
    const { home } = claimPaths(testPaths());
    const { dataDir } = claimPaths(testPaths(home, 'work.json'));
    chmodSync(dataDir, 0o755);
    expect(checkDirectories(testPaths(home, 'work.json'))).toMatchObject({ level: 'fail', fix: `chmod 700 ${dataDir}` });
    expect(checkDirectories(testPaths(home))).toMatchObject({ level: 'ok' });
  });

  test('of files with secrets are reported, and repaired', async () => {
    const paths = testPaths();
    mkdirSync(paths.stateDir, { mode: 0o700 });
    for (const path of [paths.configPath, join(paths.home, 'service.env'), paths.databasePath]) {
      writeFileSync(path, '');
      chmodSync(path, 0o644);
    }
    const finding = checkPrivateFiles(paths);
    expect(finding.message.match(/accessible to other users/g)).toHaveLength(3);
    await finding.repair?.();
    expect(checkPrivateFiles(paths)).toMatchObject({ level: 'ok' });
  });

  test('of a configuration that is named are its owner’s business', () => {
    const paths = testPaths(undefined, 'work.json');
    writeFileSync(paths.configPath, '{}');
    chmodSync(paths.configPath, 0o644);
    expect(checkPrivateFiles(paths)).toMatchObject({ level: 'ok' });
  });

  test('of paths with a space are repaired by commands that can be pasted', () => {
    const paths = testPaths(join(tempDir(), 'a home'));
    mkdirSync(paths.stateDir, { recursive: true, mode: 0o700 });
    chmodSync(paths.home, 0o755);
    expect(checkDirectories(paths)).toMatchObject({ fix: `chmod 700 '${paths.home}'` });
    writeFileSync(paths.credentialsDir, '');
    chmodSync(paths.home, 0o700);
    expect(checkDirectories(paths)).toMatchObject({ fix: `mv '${paths.credentialsDir}' '${paths.credentialsDir}.away'` });
  });

  test.each(['logDir', 'configVersionsDir'] as const)('are not changed if something else is in their place: %s', (name) => {
    const paths = testPaths();
    mkdirSync(paths.stateDir, { mode: 0o700 });
    writeFileSync(paths[name], '');
    const finding = checkDirectories(paths);
    expect(finding).toMatchObject({ level: 'fail', message: expect.stringContaining(`${paths[name]} is not a directory`) as string });
    expect(finding.repair).toBeUndefined();
  });
});

test.each([
  { what: 'a good one', paths: () => tokenFile('a-token-of-some-length-0123456789\n'), level: 'ok', says: 'private to this user' },
  { what: 'an empty one', paths: () => tokenFile('\n'), level: 'warn', says: 'the next start generates a new token' },
  { what: 'one for all to read', paths: () => tokenFile('a-token-of-some-length-0123456789', 0o644), level: 'fail', says: '(0644)' },
  { what: 'a short one', paths: () => tokenFile('secret'), level: 'fail', says: 'fewer than 16' },
  { what: 'no text', paths: () => tokenFile('a\0b\n c'), level: 'fail', says: 'an invalid token' },
])('the token file: $what', ({ paths, level, says }) => {
  const finding = checkTokenFile(paths());
  expect(finding).toMatchObject({ level, message: expect.stringContaining(says) as string });
  expect(finding.message).not.toContain('a-token-of');
  expect(finding.fix === undefined).toBe(level === 'ok');
});

test('a dangling link in place of the token counts as missing', () => {
  const paths = testPaths();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  symlinkSync('nowhere', paths.tokenPath);
  expect(checkTokenFile(paths)).toMatchObject({ level: 'ok' });
});

test.each([
  { freeMegabytes: 10_000, ffree: 1_000_000, level: 'ok' },
  { freeMegabytes: 499, ffree: 1_000_000, level: 'warn' },
  { freeMegabytes: 49, ffree: 1_000_000, level: 'fail' },
  { freeMegabytes: 10_000, ffree: 10, level: 'fail' },
])('$freeMegabytes MB and $ffree files free: $level', ({ freeMegabytes, ffree, level }) => {
  const room = () => ({ bavail: freeMegabytes, bsize: 1_048_576, files: 2_000_000, ffree });
  expect(checkDisk(testPaths(), room)).toMatchObject({ level, message: expect.stringContaining(`${freeMegabytes} MB`) as string });
});

test('a log that is larger than its limits allow is named', () => {
  const paths = testPaths();
  expect(checkLog(paths, { maxBytes: 1_000, files: 1 })).toMatchObject({ level: 'ok', message: 'there is no log yet' });
  writeFileSync(paths.logDir, '');
  expect(checkLog(paths, { maxBytes: 1_000, files: 1 })).toMatchObject({ level: 'fail', fix: `mv ${paths.logDir} ${paths.logDir}.away` });
  rmSync(paths.logDir);
  mkdirSync(paths.logDir);
  mkdirSync(paths.logPath);
  expect(checkLog(paths, { maxBytes: 1_000, files: 1 })).toMatchObject({
    level: 'fail',
    message: expect.stringContaining('not a regular file') as string,
  });
  rmdirSync(paths.logPath);
  writeFileSync(paths.logPath, 'x'.repeat(2_000));
  expect(checkLog(paths, { maxBytes: 1_000, files: 1 })).toMatchObject({ level: 'ok' });
  writeFileSync(`${paths.logPath}.7`, 'x'.repeat(2_000));
  expect(checkLog(paths, { maxBytes: 1_000, files: 1 })).toMatchObject({
    level: 'warn',
    fix: expect.stringContaining('gateway.log.*') as string,
  });
});
