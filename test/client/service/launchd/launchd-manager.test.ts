/** launchd itself is on macOS only: what is asked of it, and what is made of its answers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LaunchdManager, parseLaunchctlPrint } from '../../../../client/service/launchd/launchd-manager.js';
import { fakeTools, type ToolRule } from '../../../helpers/fake-tools.js';
import { makeServiceTarget } from '../../../helpers/service-plan.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const NOT_LOADED: ToolRule = [/print gui\/501\/xopc-gateway/, { code: 113, stderr: 'Could not find service' }];

function makeManager(...rules: ToolRule[]): { manager: LaunchdManager; calls: string[]; directory: string } {
  const directory = tempDir();
  const { run, calls } = fakeTools(...rules);
  return { manager: new LaunchdManager(makeServiceTarget(), { run, directory, uid: 501 }), calls, directory };
}

describe('the LaunchAgent manager', () => {
  test('loads the agent again when bootstrap fails while the one before is still going', async () => {
    const { manager, calls, directory } = makeManager([/bootstrap/, { code: 5 }, { code: 5 }, { code: 0 }]);
    await manager.activate();
    expect(calls.filter((call) => !call.includes('print'))).toEqual([
      'launchctl bootout gui/501/xopc-gateway',
      'launchctl enable gui/501/xopc-gateway',
      ...Array.from({ length: 3 }, () => `launchctl bootstrap gui/501 ${directory}/xopc-gateway.plist`),
    ]);
  });

  test('treats an already loaded agent as success', async () => {
    const { manager } = makeManager([/bootstrap/, { code: 37 }]);
    await expect(manager.activate()).resolves.toBeUndefined();
  });

  test('starts what is loaded without unloading it, and loads what is not', async () => {
    const loaded = makeManager([/print gui\/501\/xopc/, { stdout: '\tstate = not running\n' }]);
    await loaded.manager.start();
    expect(loaded.calls.at(-1)).toBe('launchctl kickstart gui/501/xopc-gateway');
    expect(loaded.calls.some((call) => call.includes('bootout'))).toBe(false);
    const absent = makeManager(NOT_LOADED);
    await absent.manager.start();
    expect(absent.calls.at(-1)).toMatch(/^launchctl bootstrap gui\/501 /);
  });

  test('uses the background session where there is no desktop, and says so where there is neither', async () => {
    const ssh = makeManager([/print gui\/501/, { code: 125 }]);
    await ssh.manager.activate();
    expect(ssh.calls.at(-1)).toMatch(/^launchctl bootstrap user\/501 /);
    const none = makeManager([/print/, { code: 125 }]);
    await expect(none.manager.assertAvailable()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      hint: expect.stringContaining('xopc gateway start') as string,
    });
  });

  test.each(['spawn scheduled', 'running'])('a stop unloads an agent that is %s, and that counts as installed', async (state) => {
    const answers = [{ stdout: `state = ${state}\n` }, { code: 113 }];
    const { manager, calls, directory } = makeManager([/print gui\/501\/xopc/, ...answers]);
    writeFileSync(join(directory, 'xopc-gateway.plist'), '');
    await manager.confirmStopped();
    expect(calls.at(-1)).toBe('launchctl bootout gui/501/xopc-gateway');
    expect(await manager.state()).toMatchObject({ isRegistered: true, isEnabled: true, activity: 'inactive', description: 'not loaded' });
    await manager.start();
    expect(calls.at(-1)).toMatch(/^launchctl bootstrap gui\/501 /);
  });

  test('a stop does not unload an agent that does not run', async () => {
    const { manager, calls } = makeManager([/print gui\/501\/xopc/, { stdout: 'state = not running\n' }]);
    await manager.suspend();
    await manager.confirmStopped();
    expect(calls.filter((call) => !call.includes('print'))).toEqual([]);
  });

  test('finds other agents that start a gateway', async () => {
    const { manager, directory } = makeManager();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'xopc-gateway.plist'), '');
    writeFileSync(join(directory, 'com.example.plist'), '<array><string>/usr/local/bin/xopc</string><string>gateway</string></array>');
    writeFileSync(join(directory, 'com.other.plist'), '<string>/bin/true</string>');
    expect(await manager.others()).toEqual([
      {
        path: join(directory, 'com.example.plist'),
        scope: 'user',
        gateway: null,
        removeWith: `launchctl bootout gui/501 ${directory}/com.example.plist; rm -f ${directory}/com.example.plist`,
      },
    ]);
  });
});

describe('what launchctl prints', () => {
  test.each([
    { output: undefined, state: { isRegistered: false, activity: 'inactive', pid: null, restarts: null, lastExitCode: null } },
    {
      output: '\tstate = running\n\tpid = 812\n\truns = 3\n\tlast exit code = 75\n',
      state: { isRegistered: true, activity: 'active', pid: 812, restarts: 2, lastExitCode: 75 },
    },
    {
      output: '\tstate = not running\n\truns = 0\n\tlast exit code = (never exited)\n',
      state: { isRegistered: true, activity: 'inactive', pid: null, restarts: 0, lastExitCode: null },
    },
    { output: '\tstate = spawn scheduled\n', state: { activity: 'restarting' } },
  ])('is understood: $output', ({ output, state }) => {
    expect(parseLaunchctlPrint(output)).toMatchObject(state);
  });
});
