import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../client/commands/registry.js';
import { runCommand } from '../../../helpers/command-line.js';
import { installDebianPackages } from '../../../helpers/debian-packages.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const page = async (): Promise<string> => (await runCommand(['@man'], { home: tempDir() })).stdout;
const areThere = ['/usr/bin/man', '/usr/bin/mandoc'].every((path) => existsSync(path));
const missing = areThere ? undefined : installDebianPackages(['man-db', 'mandoc']);

test('the page has each command with its options, the exit codes, variables and files', async () => {
  const text = (await page()).replaceAll('\\-', '-');
  for (const { paths } of COMMANDS) {
    const [name = []] = paths;
    if (!/^[-@]|^version$/.test(name[0] ?? '')) expect(text).toContain(`.SS xopc ${name.join(' ')}\n`);
  }
  for (const part of ['\\fB-n, --lines N\\fR', '\\fB78\\fR', '\\fBXOPC_HOME\\fR', '\\fBmodels.json\\fR', '.TH XOPC 1 "" "xopc 1.2.3"'])
    expect(text).toContain(part);
  expect(text).not.toContain('@log-view');
});

test.skipIf(missing !== undefined)(`man shows it without a warning${missing === undefined ? '' : ` (${missing})`}`, async () => {
  const path = join(tempDir(), 'xopc.1');
  writeFileSync(path, await page());
  const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', MANPAGER: 'cat' },
  });
  expect(stderr).toBe('');
  expect(stdout).toContain('xopc gateway logs');
});

test.skipIf(missing !== undefined)(`mandoc finds nothing wrong with it${missing === undefined ? '' : ` (${missing})`}`, async () => {
  const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { encoding: 'utf8', input: await page() });
  // It has no date, so that each build of the same sources makes the same page.
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
});
