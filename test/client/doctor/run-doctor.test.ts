import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runChecks } from '../../../client/doctor/run-doctor.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { testPaths } from '../../helpers/lock-file.js';

const deps = (paths: GatewayPaths): Parameters<typeof runChecks>[0] => ({
  paths,
  ownerProblem: undefined,
  locate: () => Promise.resolve({ kind: 'absent', lock: undefined }),
  listen: () => ({ host: '127.0.0.1', port: 0 }),
  isSocketPassed: false,
  service: () => Promise.resolve([]),
  inspectServer: () => Promise.reject(new Error('there is none')),
});

test.each([
  ['{ "store": { "url": "${NOT_IN_THIS_SHELL}" } }', { config: 'warn', database: 'warn', exposure: 'ok' }],
  ['{ "gateway": { "host": "${NOT_IN_THIS_SHELL}" } }', { config: 'warn', database: 'ok', exposure: 'warn' }],
  ['{ "gateway": { "auth": { "enabled": "${NOT_IN_THIS_SHELL}" } } }', { config: 'warn', database: 'ok', exposure: 'warn' }],
  ['{ "gateway": { "allowedIps": ["${NOT_IN_THIS_SHELL}"] } }', { config: 'warn', database: 'ok', exposure: 'ok' }],
])('with a variable that only the gateway has, what depends on it is not checked: %s', async (text, expected) => {
  const paths = testPaths();
  writeFileSync(paths.configPath, text);
  const findings = (await runChecks(deps(paths))).filter(({ id }) => id in expected);
  expect(Object.fromEntries(findings.map(({ id, level }) => [id, level]))).toEqual(expected);
  for (const { level, message, fix } of findings)
    if (level === 'warn') expect(`${message} ${fix}`).toMatch(/refers to .*this shell does not have/);
});

test('a check that fails says what to do, and the others still run', async () => {
  const paths = testPaths();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  symlinkSync(paths.tokenPath, paths.tokenPath);
  const findings = await runChecks(deps(paths));
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
