/** What the end-to-end tests with a real systemd cannot bring about. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { removalOf, SystemdManager, unitDirectoryIn } from '../../../../client/service/systemd/systemd-manager.js';
import { parseUnitState } from '../../../../client/service/systemd/unit-state.js';
import { fakeTools, type ToolRule } from '../../../helpers/fake-tools.js';
import { makeServiceTarget } from '../../../helpers/service-plan.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const session = { userName: 'ada', runtimeDir: '/run/user/1000', environment: {} };

function makeManager(...rules: ToolRule[]): { manager: SystemdManager; calls: string[]; directory: string } {
  const directory = join(tempDir(), 'user');
  mkdirSync(directory);
  const { run, calls } = fakeTools(...rules);
  return { manager: new SystemdManager(makeServiceTarget(), { run, session, directory }), calls, directory };
}

describe('lingering', () => {
  test('is enabled when it is disabled', async () => {
    const { manager, calls } = makeManager([/show-user ada --property=Linger/, { stdout: 'no\n' }, { stdout: 'yes\n' }]);
    expect(await manager.concerns({ repair: true })).toEqual([]);
    expect(calls).toContain('loginctl --no-ask-password enable-linger ada');
  });

  test('that cannot be enabled is reported with the exact command', async () => {
    const { manager } = makeManager([/show-user/, { stdout: 'no\n' }], [/enable-linger/, { code: 1 }]);
    expect(await manager.concerns({ repair: true })).toEqual([
      { message: expect.stringContaining('logs out') as string, hint: 'sudo loginctl enable-linger ada' },
    ]);
  });

  test('is only checked without the option to repair', async () => {
    const { manager, calls } = makeManager([/show-user/, { stdout: 'no\n' }]);
    expect(await manager.concerns({ repair: false })).toHaveLength(1);
    expect(calls.some((call) => call.includes('enable-linger'))).toBe(false);
  });

  test('is not a problem without logind', async () => {
    expect(await makeManager([/show-user/, { code: null }]).manager.concerns({ repair: true })).toEqual([]);
  });

  test.each([
    { what: 'another unit starts at boot', others: true, sessions: '3\n', classes: 'user\n', ends: false },
    { what: 'only the manager itself has a session', others: false, sessions: 'c1\n', classes: 'manager\n', ends: false },
    { what: 'there is no session', others: false, sessions: '\n', classes: '', ends: false },
    { what: 'the user is logged in', others: false, sessions: 'c1 3\n', classes: 'manager\nuser\n', ends: true },
  ])('ends with the installation when $what: $ends', async ({ others, sessions, classes, ends }) => {
    const { manager, calls, directory } = makeManager([/property=Sessions/, { stdout: sessions }], [/property=Class/, { stdout: classes }]);
    if (others) mkdirSync(join(directory, 'default.target.wants'));
    const reason = await manager.undoRepair();
    expect(reason === undefined).toBe(ends);
    expect(calls.some((call) => call.includes('disable-linger'))).toBe(ends);
  });
});

describe('the systemd manager', () => {
  test.each([
    [
      '/home/a b/.config/systemd/user.control /run/user/1/systemd/user.control /home/a b/.config/systemd/user\n',
      '/home/a b/.config/systemd/user',
    ],
    ['/run/user/1/systemd/user.control /etc/systemd/user\n', undefined],
    ['\n', undefined],
  ])('writes where the manager says that it looks: %j', (unitPath, directory) => {
    expect(unitDirectoryIn(unitPath)).toBe(directory);
  });

  test('does not start a unit that it does not read', async () => {
    const { manager, calls } = makeManager([/FragmentPath/, { stdout: '\n' }, { stdout: '/etc/systemd/user/xopc-gateway.service\n' }]);
    await expect(manager.activate({ isSocketActivated: false })).rejects.toThrow('it uses no file');
    expect(calls.some((call) => call.includes(' start '))).toBe(false);
  });

  test('stops the socket before the service, and only where there is one', async () => {
    const { manager, calls, directory } = makeManager();
    await manager.confirmStopped();
    expect(calls).toEqual(['systemctl --user stop xopc-gateway.service']);
    writeFileSync(join(directory, 'xopc-gateway.socket'), '');
    await manager.confirmStopped();
    expect(calls.slice(1)).toEqual(['systemctl --user stop xopc-gateway.socket', 'systemctl --user stop xopc-gateway.service']);
  });

  test('treats a unit that is not loaded as stopped', async () => {
    await expect(makeManager([/stop/, { code: 5 }]).manager.confirmStopped()).resolves.toBeUndefined();
    await expect(makeManager([/stop/, { code: 1, stderr: 'Access denied\n' }]).manager.confirmStopped()).rejects.toMatchObject({
      message: "'systemctl --user stop xopc-gateway.service' failed: Access denied",
    });
  });

  test('gives a service the sandbox that is available', async () => {
    expect(await makeManager([/systemd-run/, { code: 0 }]).manager.probeSandbox()).toBe('full');
    expect(await makeManager([/systemd-run/, { code: 218 }]).manager.probeSandbox()).toBe('basic');
    expect(await makeManager([/systemd-run/, { code: null }]).manager.probeSandbox()).toBe('basic');
  });
});

describe('another unit that starts a gateway', () => {
  const start = '[Service]\nExecStart=/usr/local/bin/xopc gateway\n';

  test('is removed with its file, in words of the shell', async () => {
    const { manager, directory } = makeManager();
    for (const name of ['mine.service', 'my other.service']) writeFileSync(join(directory, name), start);
    const found = (await manager.others()).filter(({ path }) => path.startsWith(directory));
    expect(found.map(({ removeWith }) => removeWith)).toEqual([
      `systemctl --user disable --now mine.service && rm -f ${directory}/mine.service`,
      `systemctl --user disable --now 'my other.service' && rm -f '${directory}/my other.service'`,
    ]);
  });

  test.each([
    ['system', '/etc/systemd/system/x.service', 'sudo systemctl disable --now x.service && sudo rm -f /etc/systemd/system/x.service'],
    ['user', '/etc/systemd/user/x.service', 'systemctl --user disable --now x.service && sudo rm -f /etc/systemd/user/x.service'],
    [
      'system',
      '/usr/lib/systemd/system/x.service',
      'sudo systemctl disable --now x.service   Its file belongs to a package: remove that with the package manager.',
    ],
  ] as const)('of the scope %s at %s is removed by who owns it', (scope, path, removal) => {
    expect(removalOf('x.service', scope, path)).toBe(removal);
  });
});

describe('what systemctl shows', () => {
  const shown = (active: string, sub: string, more = ''): string =>
    `LoadState=loaded\nActiveState=${active}\nSubState=${sub}\nUnitFileState=enabled\nMainPID=7\n${more}`;
  test.each([
    {
      output: shown('active', 'running', 'NRestarts=2\n'),
      state: { isRegistered: true, isEnabled: true, activity: 'active', pid: 7, restarts: 2 },
    },
    { output: shown('activating', 'auto-restart'), state: { activity: 'restarting' } },
    { output: shown('deactivating', 'stop-sigterm'), state: { activity: 'stopping' } },
    { output: shown('failed', 'failed', 'ExecMainCode=1\nExecMainStatus=78\n'), state: { activity: 'failed', lastExitCode: 78 } },
    { output: shown('failed', 'failed', 'ExecMainCode=2\nExecMainStatus=9\n'), state: { activity: 'failed', lastExitCode: null } },
    {
      output: 'LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\n',
      state: { isRegistered: false, activity: 'inactive', pid: null },
    },
    { output: shown('refreshing', 'running'), state: { activity: 'unknown' } },
    { output: '', state: { isRegistered: false, activity: 'inactive', description: 'not known to systemd' } },
  ])('is understood: $output', ({ output, state }) => {
    expect(parseUnitState(output)).toMatchObject(state);
  });
});

describe('the last words of a service', () => {
  const own: ToolRule = [/journalctl .*SYSLOG_IDENTIFIER=/, { stdout: 'the disk is upside down\n' }];
  const systemd: ToolRule = [/journalctl .*USER_UNIT=/, { stdout: 'Failed at step EXEC\n' }];

  test('are its own, however much systemd says about the next attempt', async () => {
    expect(await makeManager(own, systemd).manager.lastWords()).toEqual(['the disk is upside down']);
  });

  test('are those of systemd when it said nothing itself', async () => {
    expect(await makeManager([own[0], { stdout: '' }], systemd).manager.lastWords()).toEqual(['Failed at step EXEC']);
  });
});
