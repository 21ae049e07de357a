import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { refreshService } from '../../../client/service/drift.js';
import { SystemdManager } from '../../../client/service/systemd/systemd-manager.js';
import { fakeTools } from '../../helpers/fake-tools.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServicePlan, makeServiceTarget } from '../../helpers/service-plan.js';

test('files whose directory is gone are written again', async () => {
  const paths = testPaths();
  const launcherPath = join(paths.dataDir, 'service', 'launch');
  mkdirSync(dirname(launcherPath));
  const session = { userName: 'ada', runtimeDir: paths.home, environment: {} };
  const directory = join(paths.home, 'config', 'systemd', 'user');
  const { run, calls } = fakeTools();
  const manager = new SystemdManager(makeServiceTarget({ gateway: paths }), { run, session, directory });
  const plan = makeServicePlan({ home: paths.home, launcherPath });
  const record = { v: 1, plan, enabledLinger: false, version: '1.0.0', installedAt: '' } as const;
  const [unit = ''] = manager.files(plan).map(({ path }) => path);
  expect(await refreshService(record, paths, manager)).toContain(unit);
  expect([unit, launcherPath].map((path) => existsSync(path))).toEqual([true, true]);
  expect(calls).toContain('systemctl --user daemon-reload');
});
