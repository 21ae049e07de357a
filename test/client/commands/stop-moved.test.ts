/** `gateway stop` in a home that was moved while its gateway ran. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

test.each([['moved'], ['moved and linked at its old path']])(
  'in a home that was %s, the gateway that runs under the old path is named, and no other',
  async (how) => {
    const paths = testPaths();
    const home = join(tempDir(), 'former');
    if (how !== 'moved') symlinkSync(paths.home, home);
    const former = testPaths(paths.home, 'former.json');
    const [other, sibling] = [testPaths(paths.home, 'other.json'), testPaths(paths.home, 'sibling.json')];
    writeLock(former, lockRecord(former, process.pid, { home }));
    writeLock(other, lockRecord(other, process.pid, { home, port: 18_791 }));
    writeLock(sibling, lockRecord(sibling, process.pid));
    const { code, stderr } = await runCommand(['gateway', 'stop'], { home: paths.home });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^The gateway is not running\.\n {2}Port 18790 is held by [^\n]*\n$/);
    expect(stderr).toContain(`Stop it with: xopc gateway stop --config ${former.configPath}\n`);
  },
);
