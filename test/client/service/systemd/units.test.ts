import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareChecksum } from '../../../../client/service/files/checksum.js';
import { commandWord, quoteWord, word } from '../../../../client/service/systemd/unit-text.js';
import { serviceUnitText, socketUnitText, systemdFiles } from '../../../../client/service/systemd/units.js';
import { makeServicePlan } from '../../../helpers/service-plan.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** All values of a key, in order. */
function values(unit: string, key: string): string[] {
  return unit
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));
}

describe('the systemd service unit', () => {
  test('matches the golden file', async () => {
    await expect(serviceUnitText(makeServicePlan({ port: 18_790, host: '127.0.0.1' }))).toMatchFileSnapshot(
      '../golden/xopc-gateway.service',
    );
    await expect(socketUnitText('xopc-gateway', { host: '0.0.0.0', port: 18_790 })).toMatchFileSnapshot('../golden/xopc-gateway.socket');
  });

  test('has a valid checksum', () => {
    for (const { text } of systemdFiles(makeServicePlan({ socket: { host: '::', port: 1 } }), '/units'))
      expect(compareChecksum(text)).toBe('unchanged');
  });

  test('restarts after a crash and exit 75, and not after a stop, a second gateway, a bad configuration or a missing program', () => {
    const unit = serviceUnitText(makeServicePlan());
    expect(values(unit, 'Restart')).toEqual(['always']);
    expect(values(unit, 'RestartPreventExitStatus')).toEqual(['0 5 78 203 228 217 218 226']);
    expect(values(unit, 'SuccessExitStatus')).toEqual(['75']);
  });

  test.each([
    { drainTimeoutMs: 0, seconds: '10' },
    { drainTimeoutMs: 5_000, seconds: '15' },
    { drainTimeoutMs: 60_001, seconds: '71' },
  ])('gives a drain of $drainTimeoutMs ms its time before it kills', ({ drainTimeoutMs, seconds }) => {
    expect(values(serviceUnitText(makeServicePlan({ drainTimeoutMs })), 'TimeoutStopSec')).toEqual([seconds]);
  });

  test('holds home and configuration, and lets the gateway write there and nowhere else', () => {
    const unit = serviceUnitText(makeServicePlan({ configPath: '/etc/xopc/work.json' }));
    expect(values(unit, 'Environment')).toEqual([
      '"XOPC_SERVICE_MARKER=systemd"',
      '"XOPC_HOME=/home/ada/.xopc"',
      '"XOPC_CONFIG=/etc/xopc/work.json"',
    ]);
    expect(values(unit, 'ReadWritePaths')).toEqual(['/home/ada/.xopc /etc/xopc -%t']);
    expect(values(serviceUnitText(makeServicePlan({ configPath: '/home/ada/.xopc/b.json' })), 'ReadWritePaths')).toEqual([
      '/home/ada/.xopc -%t',
    ]);
  });

  test('lets the gateway write to what links in its home lead to', () => {
    const [outside, real] = [realpathSync(tempDir()), join(realpathSync(tempDir()), 'home')];
    for (const name of ['home', 'dot files/sub', 'big/state']) mkdirSync(join(outside, name), { recursive: true });
    const home = join(outside, 'home');
    const link = (target: string, name: string): void => symlinkSync(join(outside, target), join(home, name));
    link('dot files/config.json', 'config.json');
    link('dot files/sub/models.json', 'models.json');
    link('big/state', 'state');
    link('gone', 'cache');
    for (const name of ['config.json', 'sub/models.json']) writeFileSync(join(outside, 'dot files', name), '{}');
    symlinkSync(home, real);
    for (const path of [home, real]) {
      const unit = serviceUnitText(makeServicePlan({ home: path, launcherPath: join(path, 'service', 'launch') }));
      expect(values(unit, 'ReadWritePaths')).toEqual([`${path} -${outside}/big/state -${outside}/gone "-${outside}/dot files" -%t`]);
      expect(values(unit, 'PrivateTmp')).toEqual([]);
    }
  });

  test.each([
    { what: 'the home', overrides: { home: '/tmp/home' } },
    { what: 'the configuration', overrides: { configPath: '/var/tmp/c.json' } },
    { what: 'the program', overrides: { program: { runtime: 'binary', path: '/tmp/xopc', nodePath: null } } },
  ] as const)('has no private /tmp where $what lies there', ({ overrides }) => {
    expect(values(serviceUnitText(makeServicePlan()), 'PrivateTmp')).toEqual(['yes']);
    expect(values(serviceUnitText(makeServicePlan(overrides)), 'PrivateTmp')).toEqual([]);
  });

  test('drops capabilities only where the manager can', () => {
    const keys = ['CapabilityBoundingSet', 'PrivateDevices', 'ProtectKernelModules', 'ProtectKernelLogs', 'ProtectClock'];
    const full = serviceUnitText(makeServicePlan());
    const basic = serviceUnitText(makeServicePlan({ sandbox: 'basic' }));
    expect(keys.filter((key) => values(full, key).length === 1)).toEqual(keys);
    expect(keys.filter((key) => values(basic, key).length > 0)).toEqual([]);
    expect(values(basic, 'NoNewPrivileges')).toEqual(['yes']);
  });

  test('takes its address from the socket unit where there is one', () => {
    const plan = makeServicePlan({ port: 1, host: '::1', socket: { host: '::1', port: 1 } });
    const unit = serviceUnitText(plan);
    expect(values(unit, 'ExecStart')).toEqual(['/bin/sh /home/ada/.xopc/service/launch']);
    expect([values(unit, 'Wants'), values(unit, 'After')]).toEqual([['xopc-gateway.socket'], ['xopc-gateway.socket']]);
    expect(values(unit, 'FileDescriptorStoreMax')).toEqual([]);
    expect(values(socketUnitText('xopc-gateway', { host: '::1', port: 1 }), 'ListenStream')).toEqual(['[::1]:1']);
    expect(values(socketUnitText('xopc-gateway', { host: '::', port: 1 }), 'BindIPv6Only')).toEqual(['both']);
    expect(systemdFiles(plan, '/units').map(({ path }) => path)).toEqual(['/units/xopc-gateway.service', '/units/xopc-gateway.socket']);
  });
});

describe('quoting in a unit', () => {
  test.each([
    { value: '/plain/path-1.0', word: '/plain/path-1.0', command: '/plain/path-1.0' },
    { value: '/a b', word: '"/a b"', command: '"/a b"' },
    { value: '100%', word: '"100%%"', command: '"100%%"' },
    { value: '$HOME', word: '"$HOME"', command: '"$$HOME"' },
    { value: 'a"b\\c', word: '"a\\"b\\\\c"', command: '"a\\"b\\\\c"' },
    { value: "it's;#", word: '"it\'s;#"', command: '"it\'s;#"' },
    { value: '', word: '""', command: '""' },
  ])('writes $value as one word', (row) => {
    expect(word(row.value)).toBe(row.word);
    expect(commandWord(row.value)).toBe(row.command);
    expect(quoteWord(row.value)).toMatch(/^".*"$/);
  });
});
