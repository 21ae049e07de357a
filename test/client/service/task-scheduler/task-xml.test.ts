import { describe, expect, test } from 'vitest';
import { compareChecksum } from '../../../../client/service/files/checksum.js';
import { windowsLauncher } from '../../../../client/service/launcher/windows-launcher.js';
import { taskXml } from '../../../../client/service/task-scheduler/task-xml.js';
import { makeServicePlan } from '../../../helpers/service-plan.js';

const home = 'C:\\Users\\Ada Lovelace\\.xopc';
const plan = makeServicePlan({
  marker: 'schtasks',
  home,
  launcherPath: `${home}\\service\\launch.cmd`,
  port: 18_790,
  program: { runtime: 'node', path: 'C:\\xopc 100%', nodePath: 'C:\\Program Files\\nodejs\\node.exe' },
});

describe('the task', () => {
  test('matches the golden file and its checksum', async () => {
    const text = taskXml(plan, 'DESKTOP\\Ada');
    await expect(text.replaceAll('\r\n', '\n')).toMatchFileSnapshot('../golden/task.xml');
    expect(compareChecksum(text)).toBe('unchanged');
  });
});

describe('the batch file', () => {
  const text = windowsLauncher(plan);

  test('matches the golden file, with Windows line ends and a valid checksum', async () => {
    await expect(text.replaceAll('\r\n', '\n')).toMatchFileSnapshot('../golden/launch.cmd');
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(compareChecksum(text)).toBe('unchanged');
  });

  test('starts again after a crash and after exit 75, and ends with every final code', () => {
    const lines = text.split('\r\n');
    expect(lines.filter((line) => line.includes('exit /b')).at(-1)).toBe('if "%XOPC_EXIT%"=="78" exit /b 78');
    expect(lines).toContain('if "%XOPC_EXIT%"=="75" goto start');
    expect(lines.at(-2)).toBe('goto start');
  });
});
