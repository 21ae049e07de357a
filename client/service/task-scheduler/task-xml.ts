/** The task for the Windows Task Scheduler. Elements: [MS-TSCH] section 2.5, "XML Task Definition Format", version 1.2. */
import { win32 } from 'node:path';
import { addChecksum, CHECKSUM_COMMENT } from '../files/checksum.js';
import { gatewayArguments, type ServiceFile, type ServicePlan } from '../plan/service-plan.js';
import { element, parent, xmlComment } from '../files/xml-text.js';

/** Windows' rules for one argument (CommandLineToArgvW); none of ours ends in a backslash or holds a quote. */
function argument(text: string): string {
  return /[\s&()^;,=]/.test(text) ? `"${text}"` : text;
}

function settings(): string[] {
  return [
    xmlComment('one at a time: the gateway itself refuses a second one too'),
    element('MultipleInstancesPolicy', 'IgnoreNew'),
    xmlComment('a laptop runs its gateway on battery too'),
    element('DisallowStartIfOnBatteries', false),
    element('StopIfGoingOnBatteries', false),
    element('AllowHardTerminate', true),
    element('StartWhenAvailable', true),
    element('AllowStartOnDemand', true),
    element('Enabled', true),
    xmlComment('not among the tasks that the list shows at first'),
    element('Hidden', true),
    xmlComment('for ever; the default ends it after 72 hours'),
    element('ExecutionTimeLimit', 'PT0S'),
    xmlComment('normal; the default of 7 is below normal, for disk and memory too'),
    element('Priority', 5),
    xmlComment('where the launcher cannot be started at all; a gateway that dies is started again by the launcher'),
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
              xmlComment('with the logged-in user: no stored password and no right of an administrator is needed'),
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
