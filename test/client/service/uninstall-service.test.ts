import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SystemdManager } from '../../../client/service/systemd/systemd-manager.js';
import { previewUninstall, type Uninstallation } from '../../../client/service/uninstall-service.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServiceTarget } from '../../helpers/service-plan.js';

/** On a machine without systemd for this user. */
function unavailable(): { uninstallation: Uninstallation; unit: string; directory: string } {
  const paths = testPaths();
  const directory = join(paths.home, 'units');
  const session = { userName: 'ada', runtimeDir: join(paths.home, 'none'), environment: {} };
  const manager = new SystemdManager(makeServiceTarget({ gateway: paths }), { session, directory });
  const uninstallation = { paths, manager, force: false, note: () => Promise.resolve() };
  return { uninstallation, unit: join(directory, `${manager.name}.service`), directory };
}

test('nothing is installed where nothing can be', async () => {
  expect(await previewUninstall(unavailable().uninstallation)).toMatchObject({ isInstalled: false, paths: [] });
});

test('a unit whose manager cannot be asked is not removed', async () => {
  const { uninstallation, unit, directory } = unavailable();
  mkdirSync(directory);
  writeFileSync(unit, '');
  await expect(previewUninstall(uninstallation)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
