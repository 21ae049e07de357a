import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runChecks } from '../../../client/doctor/run-doctor.js';
import { testPaths } from '../../helpers/lock-file.js';

test('a check that fails says what to do, and the others still run', async () => {
  const paths = testPaths();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  symlinkSync(paths.tokenPath, paths.tokenPath);
  const findings = await runChecks({
    paths,
    ownerProblem: undefined,
    locate: () => Promise.resolve({ kind: 'absent', lock: undefined }),
    listen: () => ({ host: '127.0.0.1', port: 0 }),
    isSocketPassed: false,
    service: () => Promise.resolve([]),
    inspectServer: () => Promise.reject(new Error('there is none')),
  });
  const failed = findings.filter(({ id }) => id === 'token-file');
  expect(failed).toMatchObject([
    {
      level: 'fail',
      id: 'token-file',
      message: expect.stringContaining('ELOOP'),
      fix: `See what is there with: ls -ld ${paths.tokenPath}`,
    },
  ]);
  expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(['node', 'disk', 'lock']));
});
