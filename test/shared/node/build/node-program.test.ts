import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { nodeProgram } from '../../../../shared/node/build/node-program.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const NOWHERE = '/nowhere/node';

function runBy(execPath: string): void {
  const own = process.execPath;
  process.execPath = execPath;
  onTestFinished(() => void (process.execPath = own));
}

test('is the program that runs this process', () => {
  expect(nodeProgram()).toBe(process.execPath);
});

test.skipIf(process.platform !== 'linux')('is the image of this process once its file is removed', () => {
  runBy(NOWHERE);
  expect(execFileSync(nodeProgram(), ['--version'], { encoding: 'utf8' }).trim()).toBe(process.version);
});

test('is the first of its name in PATH where a system has no such image', () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'node'), '');
  vi.stubEnv('PATH', ['/nowhere', directory, '/usr/bin'].join(delimiter));
  onTestFinished(() => void vi.unstubAllEnvs());
  runBy(NOWHERE);
  expect(nodeProgram('/nowhere/image')).toBe(join(directory, 'node'));
});

test('is named, although it is removed, where there is no other', () => {
  vi.stubEnv('PATH', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  runBy(NOWHERE);
  expect(nodeProgram('/nowhere/image')).toBe(NOWHERE);
});
