import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { type GatewayPaths, resolvePaths } from '../../../shared/node/process/paths.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

function configured(home: string, name: string): GatewayPaths {
  const paths = claimPaths(resolvePaths({ home, runtimeDir: home, configPath: join(home, name) }));
  writeFileSync(paths.configPath, '{}');
  return paths;
}

test('gateways that run and configurations with data are listed, the owner of the home first', async () => {
  const { home } = testPaths();
  const work = configured(home, 'work.json');
  const main = configured(home, 'config.json');
  const hung = configured(home, 'hung.json');
  await fakeControl(main.controlPath, answers({ ...sampleStatus, pid: 4242, port: 4243 }));
  writeLock(hung, lockRecord(hung, process.pid));
  const { code, stdout, stderr } = await runCommand(['gateway', 'list'], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [heading, ...rows] = stdout.trimEnd().split('\n');
  expect(heading?.split(/ {2,}/)).toEqual(['CONFIGURATION', 'STATE', 'PORT', 'PID', 'SERVICE', 'DATA']);
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    [work.configPath, 'stopped', '-', '-', '-', home],
    [main.configPath, 'running', '4243', '4242', '-', main.dataDir],
    [hung.configPath, 'not responding', '18790', String(process.pid), '-', hung.dataDir],
  ]);
});

test('--json says the same', async () => {
  const { home } = testPaths();
  const paths = configured(home, 'config.json');
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, state: 'draining', pid: 4242, host: '::', port: 4243 }));
  const { stdout } = await runCommand(['gateway', 'list', '--json'], { home });
  expect(JSON.parse(stdout)).toEqual({
    gateways: [
      {
        configPath: paths.configPath,
        running: true,
        state: 'draining',
        host: '::',
        port: 4243,
        pid: 4242,
        service: null,
        dataDir: home,
      },
    ],
  });
});

test('a gateway of an earlier version that runs is listed with the home as its data', async () => {
  const { home } = testPaths();
  const paths = resolvePaths({ home, runtimeDir: home, configPath: '/elsewhere/bot.json' });
  writeLock(paths, { ...lockRecord(paths, process.pid, { createdAt: new Date().toISOString() }), dataDir: '' });
  const { stdout } = await runCommand(['gateway', 'list', '--json'], { home });
  expect(JSON.parse(stdout)).toMatchObject({ gateways: [{ configPath: '/elsewhere/bot.json', state: 'starting', dataDir: home }] });
});

test('an unused home has none', async () => {
  const { home } = testPaths();
  expect(await runCommand(['gateway', 'list'], { home })).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('no gateway in this home yet'),
  });
  expect(JSON.parse((await runCommand(['gateway', 'list', '--json'], { home })).stdout)).toEqual({ gateways: [] });
});

test('an owner record that cannot be used is named, and the other gateways are listed', async () => {
  const { home } = testPaths();
  configured(home, 'config.json');
  const work = configured(home, 'work.json');
  writeFileSync(join(home, 'state', 'owner.json'), 'damaged');
  const { code, stdout, stderr } = await runCommand(['gateway', 'list', '--json'], { home });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    gateways: expect.arrayContaining([expect.objectContaining({ configPath: work.configPath })]),
  });
  expect(stderr).toMatch(/owner\.json cannot be used: it is not JSON/);
});

test('status, stop, logs and doctor work without a usable owner record', async () => {
  const { home } = testPaths();
  const paths = configured(home, 'config.json');
  writeFileSync(paths.ownerPath, 'damaged');
  expect(await runCommand(['gateway', 'stop'], { home })).toMatchObject({ code: 0, stderr: expect.stringContaining('is not running') });
  expect((await runCommand(['gateway', 'logs'], { home })).stderr).toMatch(/owner\.json cannot be used/);
  writeLock(paths, lockRecord(paths, process.pid));
  mkdirSync(paths.logDir);
  writeFileSync(paths.logPath, '{"level":"info","time":"2026-03-01T12:00:00.000Z","msg":"here"}\n');
  await fakeControl(paths.controlPath, answers(sampleStatus));
  expect((await runCommand(['gateway', 'status'], { home })).code).toBe(0);
  expect((await runCommand(['gateway', 'logs'], { home })).stdout).toContain('here');
  const { checks } = JSON.parse((await runCommand(['doctor', '--json'], { home })).stdout) as { checks: { id: string; level: string }[] };
  expect(checks.filter(({ id }) => id === 'owner')).toEqual([
    expect.objectContaining({ level: 'fail', fix: expect.stringContaining('config.json') }),
  ]);
  expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['lock', 'disk', 'log']));
});
