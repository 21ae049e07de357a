import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkBuild, checkNode } from '../../../client/doctor/check-program.js';
import { tempDir } from '../../helpers/temp-dir.js';

test.each([
  ['20.19.0', 'ok'],
  ['22.11.0', 'ok'],
  ['24.0.0', 'ok'],
  ['23.1.0', 'warn'],
  ['20.18.3', 'fail'],
  ['18.20.0', 'fail'],
])('Node.js %s: %s', (version, level) => {
  expect(checkNode(version)).toMatchObject({ id: 'node', level, message: expect.stringContaining(version) as string });
});

test('a bundle that is missing, cut or changed is named', () => {
  const directory = tempDir();
  const text = 'exports.main = 1;';
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  writeFileSync(join(directory, 'client.cjs'), `// ${hash}\n${text}`);
  writeFileSync(join(directory, 'config.cjs'), `// ${hash}\n${text.slice(0, -4)}`);
  const { level, message } = checkBuild(directory);
  expect(level).toBe('fail');
  expect(message).not.toContain('client.cjs');
  expect(message).toContain('config.cjs is not as it was built');
  expect(message).toContain('worker.cjs cannot be read (ENOENT)');
});
