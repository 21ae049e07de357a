import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runChecks } from '../../../client/doctor/run-doctor.js';
import { recordPath } from '../../../client/service/files/install-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { runCommand } from '../../helpers/command-line.js';
import { freePort } from '../../helpers/free-port.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServicePlan } from '../../helpers/service-plan.js';

const deps = (paths: GatewayPaths): Parameters<typeof runChecks>[0] => ({
  paths,
  ownerProblem: undefined,
  locate: () => Promise.resolve({ kind: 'absent', lock: undefined }),
  listen: () => ({ host: '127.0.0.1', port: 0 }),
  service: undefined,
  checkService: () => Promise.resolve([]),
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

test('doctor checks the port that a service was installed with', async () => {
  const paths = testPaths();
  const stranger = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void stranger.close());
  await once(stranger, 'listening');
  const configured = (stranger.address() as AddressInfo).port;
  writeFileSync(paths.configPath, JSON.stringify({ gateway: { port: configured, host: '127.0.0.1' } }));
  const directory = join(paths.dataDir, 'service');
  mkdirSync(directory);
  const port = await freePort();
  const plan = makeServicePlan({ home: paths.home, launcherPath: join(directory, 'launch'), port });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '1.0.0', installedAt: '' }));
  const { stdout } = await runCommand(['doctor', '--json'], { home: paths.home });
  const { checks } = JSON.parse(stdout) as { checks: { id: string }[] };
  expect(checks.filter(({ id }) => id === 'port')).toMatchObject([{ level: 'ok', message: `127.0.0.1:${port} is free` }]);
});
