import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { APPLY } from '../../../client/commands/config/config-command.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

function home(config: string): { home: string; path: string; run: (args: string[]) => ReturnType<typeof runCommand> } {
  const directory = tempDir();
  const path = testPaths(directory).configPath;
  writeFileSync(path, config);
  return { home: directory, path, run: (args) => runCommand(['config', ...args], { home: directory }) };
}

describe('the mask of a secret', () => {
  test.each([
    ['gateway.auth.api_key', '****'],
    ['gateway.auth.api_key', 'abc12345...xyz67890'],
    ['channels.telegram', '{"accounts":{"a":{"botToken":"****"}}}'],
  ])('%s = %s is refused, and nothing is written', async (key, value) => {
    const { path, run } = home('{}');
    expect(await run(['set', key, value])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('is the mask of a secret, not the secret'),
    });
    expect(readFileSync(path, 'utf8')).toBe('{}');
  });

  test('in the file is named by validate', async () => {
    const { run } = home('{ "gateway": { "auth": {\n  "api_key": "****" } } }');
    expect(await run(['validate'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('config.json:2:14 gateway.auth.api_key is the mask'),
    });
  });
});

test('validate names a key that is set twice, in both files', async () => {
  const { run } = home('{ "logs": {}, "logs": {} }');
  expect(await run(['validate'])).toMatchObject({ code: 78, stderr: expect.stringContaining('config.json:1:15 logs is set twice') });
  const other = home('{}');
  writeFileSync(testPaths(other.home).modelsPath, '{ "providers": {\n"providers": 1, "providers": 2 } }');
  expect((await other.run(['validate'])).stderr).toContain('models.json:2:17 providers.providers is set twice');
});

test('a gateway that refuses this machine ends the wait, with the way back', async () => {
  const paths = testPaths();
  const run = (...args: string[]) => runCommand(['config', ...args], { home: paths.home });
  const hint = 'Allowed addresses are listed in gateway.allowedIps.';
  const error = { code: 'FORBIDDEN', message: `The address 127.0.0.1 is not allowed to connect. ${hint}`, hint };
  let looks = 0;
  const { port } = await fakeHttp((_request, response) => (looks++, json(response, { error }, 403)));
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port }));
  expect((await run('set', 'gateway.allowedIps', '["10.0.0.0/8"]')).stderr).toMatch(
    /has applied it\.\nIt refuses 127\.0\.0\.1 now, .*\n  Undo the change with: xopc config undo\n$/,
  );
  expect((await run('set', 'logs.level', 'warn')).stderr).toContain('could not check whether it is applied: gateway.allowedIps refuses');
  expect(looks).toBe(2);
});

describe('a change that is not in effect', () => {
  const file = '/c/config.json:1:2';
  const rejected = {
    code: 'CONFIG_INVALID',
    message: `${file} gateway.allowedIps is wrong; the gateway runs with the last good configuration`,
  };
  const moved = { code: 'STORE_MOVED', message: 'still in the other place', hint: 'Restart it with: xopc gateway restart' };
  const incomplete = {
    code: 'CONFIG_INCOMPLETE',
    message: `${file} gateway.auth.api_key refers to \${XOPC_TEST_KEY}, which is not set; it is left`,
  };
  const other = { code: 'CONFIG_INCOMPLETE', message: `${file} logs.level refers to \${HOME}, which is not set; it is left` };

  test.each([
    ['logs.files', '3', false, rejected, { code: 78, appliedTo: 'rejected', said: 'has rejected it and continues without it.' }],
    ['store.url', 'postgres://h/d', true, moved, { code: 0, appliedTo: 'next restart', said: 'it takes effect at the next restart.' }],
    ['gateway.auth.api_key', '${XOPC_TEST_KEY}', true, incomplete, { code: 0, appliedTo: 'running gateway', said: 'has applied it.' }],
  ])('is reported with the reason: %s', async (...[key, value, inForce, warning, { code, appliedTo, said }]) => {
    vi.stubEnv('XOPC_TEST_KEY', 'known-to-this-shell-only');
    onTestFinished(() => void vi.unstubAllEnvs());
    const limitMs = APPLY.limitMs;
    APPLY.limitMs = 200;
    onTestFinished(() => void (APPLY.limitMs = limitMs));
    const paths = testPaths();
    writeFileSync(paths.configPath, '{ "logs": { "level": "info" } } // ${HOME}');
    const { port } = await fakeHttp((_request, response) => json(response, { inForce, pinned: {} }));
    await fakeControl(paths.controlPath, answers({ ...sampleStatus, port, warnings: [other, warning] }));
    const run = (...more: string[]) => runCommand(['config', 'set', key, value, ...more], { home: paths.home });
    const text = await run();
    expect(text, text.stderr).toMatchObject({ code, stdout: '' });
    expect(text.stderr).toContain(`${said}\n${warning.message}\n`);
    expect(text.stderr).not.toContain(other.message);
    const document: unknown = JSON.parse((await run('--json')).stdout);
    expect(document).toMatchObject({ key, appliedTo, warnings: [warning] });
  });

  test('a name that the change leaves unconfigured is a warning, even without a gateway', async () => {
    const { run } = home(
      '{ "agents": { "list": [{ "id": "main", "mcpServers": ["files"] }] }, "mcp": { "servers": { "files": { "command": "x" } } } }',
    );
    const { code, stderr } = await run(['unset', 'mcp.servers.files']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^Warning: \S+ agents\.list\[0\]\.mcpServers\[0\] 'files' is not in mcp\.servers\n/) as string,
    });
    expect((await run(['set', 'logs.level', 'warn'])).stderr).not.toContain('Warning');
  });
});

test('set warns of a variable that is not set, and a link to nothing is refused', async () => {
  const { path, run } = home('{ "logs": { "level": "${ALSO_UNSET_HERE}" } }');
  const { code, stderr } = await run(['set', 'gateway.auth.api_key', '${UNSET_IN_THIS_TEST}']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Warning: \S+ gateway\.auth\.api_key refers to \$\{UNSET_IN_THIS_TEST\}, which is not set/);
  expect(stderr).not.toContain('ALSO_UNSET_HERE');
  rmSync(path);
  symlinkSync('/not-mounted/config.json', path);
  const points = expect.stringContaining('points to /not-mounted/config.json, which does not exist') as string;
  for (const args of [['validate'], ['set', 'logs.level', 'warn']]) expect(await run(args)).toMatchObject({ code: 78, stderr: points });
});

test('a change is not reported as applied at the next start while a gateway runs that does not answer', async () => {
  const { home: directory, run } = home('{}');
  const paths = testPaths(directory);
  writeLock(paths, lockRecord(paths, process.pid));
  expect((await run(['set', 'gateway.auth.enabled', 'true'])).stderr).toContain('; the running gateway has not applied it yet');
  expect(JSON.parse((await run(['set', 'logs.level', 'warn', '--json'])).stdout)).toMatchObject({ appliedTo: 'not yet' });
});
