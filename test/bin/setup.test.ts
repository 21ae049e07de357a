import { expect, test } from 'vitest';
import { spawnArguments } from '../../bin/setup.mjs';

const NODE = 'C:\\Program Files\\nodejs\\node.exe';
const root = 'C:\\Users\\Ann Lee\\xopc';

test('on Windows only npm is run by a shell, which would split a path with spaces', () => {
  const args = [`${root}\\bin\\build.mjs`, '--locked'];
  const [command, given, options] = spawnArguments('win32', { root, command: NODE, args });
  expect([command, given, options]).toEqual([NODE, args, expect.not.objectContaining({ shell: true })]);
  const npm = spawnArguments('win32', { root, command: 'npm', args: ['ci', '--include=dev'] });
  expect(npm).toEqual(['npm ci --include=dev', [], expect.objectContaining({ cwd: root, shell: true })]);
});
