import { describe, expect, test } from 'vitest';
import { exitCodeForManager } from '../../../../client/service/plan/service-plan.js';
import { plistText } from '../../../../client/service/launchd/plist.js';
import { compareChecksum } from '../../../../client/service/files/checksum.js';
import { makeServicePlan } from '../../../helpers/service-plan.js';

const plan = makeServicePlan({
  marker: 'launchd',
  port: 18_790,
  home: '/Users/ada/.xopc',
  launcherPath: '/Users/ada/.xopc/service/launch',
});

describe('the LaunchAgent', () => {
  test('matches the golden file and its checksum', async () => {
    await expect(plistText(plan)).toMatchFileSnapshot('../golden/xopc-gateway.plist');
    expect(compareChecksum(plistText(plan))).toBe('unchanged');
  });

  test('comes back after a crash and after exit 75; every final code is 0 for launchd, which knows no other', () => {
    expect(plistText(plan)).toMatch(/<key>SuccessfulExit<\/key>\s*<false\/>/);
    expect([0, 5, 78, 1, 75].map((code) => exitCodeForManager('launchd', code))).toEqual([0, 0, 0, 1, 75]);
    expect([0, 5, 78, 1, 75].map((code) => exitCodeForManager('systemd', code))).toEqual([0, 5, 78, 1, 75]);
    expect(exitCodeForManager(undefined, 5)).toBe(5);
  });
});
