import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addChecksum, CHECKSUM_COMMENT } from '../../../client/service/files/checksum.js';
import { writeServiceFile } from '../../../client/service/files/file-changes.js';
import { recordPath } from '../../../client/service/files/install-record.js';
import { plannedFiles } from '../../../client/service/plan/make-plan.js';
import { SystemdManager } from '../../../client/service/systemd/systemd-manager.js';
import { previewUninstall, uninstall, type Uninstallation } from '../../../client/service/uninstall-service.js';
import { fakeTools } from '../../helpers/fake-tools.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServicePlan, makeServiceTarget } from '../../helpers/service-plan.js';

interface World {
  readonly uninstallation: Uninstallation;
  readonly unit: string;
  readonly launcher: string;
  readonly notes: string[];
}

function makeWorld(): World {
  const paths = testPaths();
  const directory = join(paths.home, 'units');
  mkdirSync(directory);
  const session = { userName: 'ada', runtimeDir: join(paths.home, 'none'), environment: {} };
  const manager = new SystemdManager(makeServiceTarget({ gateway: paths }), { run: fakeTools().run, session, directory });
  const notes: string[] = [];
  const uninstallation = { paths, manager, force: false, note: async (text: string) => void notes.push(text) };
  return { uninstallation, unit: join(directory, `${manager.name}.service`), launcher: join(paths.dataDir, 'service', 'launch'), notes };
}

describe('on a machine without systemd for this user', () => {
  test('nothing is installed where nothing can be', async () => {
    expect(await previewUninstall(makeWorld().uninstallation)).toMatchObject({ isInstalled: false, paths: [] });
  });

  test('a unit whose manager cannot be asked is not removed', async () => {
    const { uninstallation, unit } = makeWorld();
    writeFileSync(unit, '');
    await expect(previewUninstall(uninstallation)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('with a systemd', () => {
  function withSystemd(): World {
    const world = makeWorld();
    Object.assign(world.uninstallation.manager, { assertAvailable: () => Promise.resolve() });
    return world;
  }

  /** Leaves what `install` would. */
  async function writeInstalled({ uninstallation: { paths, manager }, launcher }: World): Promise<void> {
    const { home, configPath } = paths;
    const plan = makeServicePlan({ home, configPath, launcherPath: launcher, socket: { host: '127.0.0.1', port: 18_790 } });
    for (const file of plannedFiles(plan, manager)) await writeServiceFile(file);
    const record = {
      v: 1,
      plan,
      enabledLinger: false,
      unitDirectory: dirname(manager.filePaths()[0] ?? ''),
      version: '1.0.0',
      installedAt: '',
    };
    writeFileSync(recordPath(dirname(launcher)), JSON.stringify(record));
  }

  test.each([
    { what: 'a unit that was written by hand', text: '[Service]\nExecStart=/usr/bin/xopc gateway\n', isRefused: true },
    { what: 'an edited one', text: `${addChecksum(`# ${CHECKSUM_COMMENT}\n`)}KillMode=process\n`, isRefused: true },
    { what: 'one that install left', text: addChecksum(`# ${CHECKSUM_COMMENT}\n`), isRefused: false },
  ])('$what, without a record of the installation: removed without --force is only what is ours', async ({ text, isRefused }) => {
    const { uninstallation, unit, launcher } = withSystemd();
    const preview = (force: boolean) => previewUninstall({ ...uninstallation, force });
    mkdirSync(dirname(launcher));
    for (const path of [unit, launcher]) {
      writeFileSync(path, text);
      if (isRefused) await expect(preview(false)).rejects.toMatchObject({ code: 'CONFLICT', details: { path } });
      else expect(await preview(false)).toMatchObject({ isInstalled: true });
      expect(await preview(true)).toMatchObject({ isInstalled: true });
      writeFileSync(path, addChecksum(`# ${CHECKSUM_COMMENT}\n`));
    }
  });

  test('the configuration need not be readable', async () => {
    const world = withSystemd();
    await writeInstalled(world);
    mkdirSync(world.uninstallation.paths.configPath);
    expect(await previewUninstall(world.uninstallation)).toMatchObject({ isInstalled: true });
  });

  test('what is removed leaves copies of edited files, and says where they are', async () => {
    const world = withSystemd();
    const { uninstallation, unit, launcher, notes } = world;
    await writeInstalled(world);
    const copy = join(dirname(launcher), 'xopc-gateway.service.replaced');
    writeFileSync(copy, 'KillMode=process\n');
    await uninstall(uninstallation, await previewUninstall(uninstallation));
    expect([unit, launcher, recordPath(dirname(launcher)), copy].map((path) => existsSync(path))).toEqual([false, false, false, true]);
    expect(notes).toEqual([expect.stringContaining(copy)]);
    expect(await previewUninstall(uninstallation)).toMatchObject({ isInstalled: false, paths: [] });
  });
});
