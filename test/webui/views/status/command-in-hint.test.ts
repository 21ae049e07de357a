import { expect, test } from 'vitest';
import { commandIn } from '../../../../webui/src/views/status/command-in-hint.js';

test.each([
  ['To ask other machines for the token: xopc config unset gateway.auth.enabled', 'xopc config unset gateway.auth.enabled'],
  ['Show it with: xopc gateway logs --level error.', 'xopc gateway logs --level error'],
  ['See it with: xopc gateway status   Replace it with: xopc gateway --force', 'xopc gateway status'],
  ['Enable them with: xopc config set cron.enabled true', 'xopc config set cron.enabled true'],
  ['Make room on the disk.', undefined],
])('the command of the hint %j is %j', (hint, command) => {
  expect(commandIn(hint)).toBe(command);
});
