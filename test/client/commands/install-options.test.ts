import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../helpers/command-line.js';
import { makeServicePlan } from '../../helpers/service-plan.js';
import { tempDir } from '../../helpers/temp-dir.js';

test.runIf(process.platform === 'linux').each(['0', '65536', 'abc'])('a service cannot be installed on port %s', async (port) => {
  const outcome = await runCommand(['gateway', 'install', '--print', '--port', port], { home: tempDir() });
  expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/--port.*\n.*18790/) as string });
});

test.runIf(process.platform === 'linux').each([
  ['--runtime', 'foo'],
  ['--port', 'abc'],
  ['--host', 'a b'],
])('install %s %s is refused before anything is asked of the service manager', async (option, value) => {
  const outcome = await runCommand(['gateway', 'install', option, value], { home: tempDir() });
  expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(option) as string });
});

test.runIf(process.platform === 'linux')('install --config names a file that exists, as gateway start --config does', async () => {
  const home = tempDir();
  const config = join(home, 'typo.json');
  const outcome = { code: 78, stdout: '', stderr: expect.stringContaining(`${config} does not exist`) as string };
  for (const words of [['install', '--print'], ['start']])
    expect(await runCommand(['gateway', ...words, '--config', config], { home })).toMatchObject(outcome);
  const environment = { configPath: config };
  expect(await runCommand(['gateway', 'install', '--print'], { home, environment })).toMatchObject({ code: 0 });
  // The commands that repeat an installation name its configuration.
  const plan = makeServicePlan({ home, configPath: config });
  mkdirSync(join(home, 'service'));
  writeFileSync(join(home, 'service', 'install.json'), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '', installedAt: '' }));
  expect(await runCommand(['gateway', 'install', '--print', '--config', config], { home })).toMatchObject({ code: 0 });
});
