/** The task for the Windows Task Scheduler. Elements: [MS-TSCH] section 2.5, "XML Task Definition Format", version 1.2. */
import { win32 } from 'node:path';
import { addChecksum, CHECKSUM_COMMENT } from '../files/checksum.js';
import { gatewayArguments, type ServiceFile, type ServicePlan } from '../plan/service-plan.js';
import { element, parent, xmlComment } from '../files/xml-text.js';

/** Quotes one argument by Windows' rules (CommandLineToArgvW); our arguments never end in a backslash or contain a quote. */
function argument(text: string): string {
  return /[\s&()^;,=]/.test(text) ? `"${text}"` : text;
}

function settings(): string[] {
  return [
    xmlComment('one instance: the gateway itself also refuses a second one'),
    element('MultipleInstancesPolicy', 'IgnoreNew'),
    xmlComment('also run on battery'),
    element('DisallowStartIfOnBatteries', false),
    element('StopIfGoingOnBatteries', false),
    element('AllowHardTerminate', true),
    element('StartWhenAvailable', true),
    element('AllowStartOnDemand', true),
    element('Enabled', true),
    xmlComment('hidden from the default view'),
    element('Hidden', true),
    xmlComment('no time limit; the default is 72 hours'),
    element('ExecutionTimeLimit', 'PT0S'),
    xmlComment('normal priority; the default of 7 is below normal, also for disk and memory'),
    element('Priority', 5),
    xmlComment('only if the launcher cannot be started; the launcher itself restarts a crashed gateway'),
    ...parent('RestartOnFailure', [element('Interval', 'PT1M'), element('Count', 255)]),
  ];
}

/** @param userId  `DOMAIN\user` */
export function taskXml(plan: ServicePlan, userId: string): string {
  const command = [plan.launcherPath, ...gatewayArguments(plan)].map(argument).join(' ');
  const lines = [
    '<?xml version="1.0" encoding="UTF-16"?>',
    xmlComment('Written by `xopc gateway install`.'),
    xmlComment(CHECKSUM_COMMENT),
    ...parent(
      'Task',
      [
        ...parent('RegistrationInfo', [element('Description', 'xopc gateway')]),
        ...parent('Triggers', parent('LogonTrigger', [element('Enabled', true), element('UserId', userId)])),
        ...parent(
          'Principals',
          parent(
            'Principal',
            [
              element('UserId', userId),
              xmlComment('runs as the logged-in user: no stored password or administrator rights needed'),
              element('LogonType', 'InteractiveToken'),
              element('RunLevel', 'LeastPrivilege'),
            ],
            ' id="Author"',
          ),
        ),
        ...parent('Settings', settings()),
        ...parent(
          'Actions',
          parent('Exec', [
            xmlComment('a console without a window'),
            element('Command', '%SystemRoot%\\System32\\conhost.exe'),
            element('Arguments', `--headless ${command}`),
            element('WorkingDirectory', win32.dirname(plan.launcherPath)),
          ]),
          ' Context="Author"',
        ),
      ],
      ' version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"',
    ),
  ];
  return addChecksum(`${lines.join('\r\n')}\r\n`);
}

/** schtasks.exe reads UTF-16 with a byte order mark. */
export function taskFiles(plan: ServicePlan, userId: string): ServiceFile[] {
  return [
    { path: win32.join(win32.dirname(plan.launcherPath), 'task.xml'), text: taskXml(plan, userId), mode: 0o600, encoding: 'utf16le' },
  ];
}
