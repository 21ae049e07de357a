/** The Task Scheduler itself is on Windows only: what is asked of it, and that no text of its own is read. */
import { describe, expect, test } from 'vitest';
import { TaskSchedulerManager } from '../../../../client/service/task-scheduler/task-scheduler-manager.js';
import { fakeTools, type ToolRule } from '../../../helpers/fake-tools.js';
import { makeServiceTarget } from '../../../helpers/service-plan.js';

function makeManager(...rules: ToolRule[]): { manager: TaskSchedulerManager; calls: string[] } {
  const { run, calls } = fakeTools(...rules);
  return { manager: new TaskSchedulerManager(makeServiceTarget({ directory: 'C:\\home\\service' }), { run, userId: 'PC\\Ada' }), calls };
}

describe('the Task Scheduler manager', () => {
  test('registers the task from its file and starts it', async () => {
    const { manager, calls } = makeManager();
    await manager.activate();
    expect(calls).toEqual([
      'schtasks.exe /End /TN xopc-gateway',
      'schtasks.exe /Create /TN xopc-gateway /XML C:\\home\\service\\task.xml /F',
      'schtasks.exe /Run /TN xopc-gateway',
    ]);
  });

  test('uses only the exit code to check whether the task exists', async () => {
    expect(await makeManager([/Query/, { stdout: 'ORDNER: \\ irgendetwas' }]).manager.state()).toMatchObject({ isRegistered: true });
    expect(await makeManager([/Query/, { code: 1, stdout: 'xopc-gateway' }]).manager.state()).toMatchObject({ isRegistered: false });
  });

  test('passes on an error message in any language, with an alternative', async () => {
    const { manager } = makeManager([/Create/, { code: 1, stderr: 'FEHLER: Zugriff verweigert\r\n' }]);
    await expect(manager.activate()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Zugriff verweigert') as string,
      hint: expect.stringContaining('xopc gateway start') as string,
    });
  });

  test('removes the task, and succeeds if it does not exist', async () => {
    const there = makeManager();
    await there.manager.remove();
    expect(there.calls).toContain('schtasks.exe /Delete /TN xopc-gateway /F');
    const gone = makeManager([/Query/, { code: 1 }]);
    await gone.manager.remove();
    expect(gone.calls.some((call) => call.includes('/Delete'))).toBe(false);
  });

  test('finds other tasks that start a gateway by their paths', async () => {
    const list =
      '"\\xopc-gateway","",""\r\n"\\xopc-gateway-work-0123abcd","Nicht zutreffend","Bereit"\r\n"\\my xopc","25.11.2026 08:00:00","Wird ausgeführt"\r\n"\\Microsoft\\Other","",""\r\n';
    expect(await makeManager([/Query/, { stdout: list }]).manager.others()).toEqual([
      { path: '\\my xopc', scope: 'user', gateway: null, removeWith: 'schtasks /Delete /TN "\\my xopc"' },
    ]);
  });
});
