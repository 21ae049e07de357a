/** The steps of `uninstall`: the gateway stops gracefully, and everything that `install` created is removed. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GatewayError } from '../../shared/errors.js';
import { ifPresent } from '../../shared/node/files/if-present.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { compareFile, inspectFile, isKeptAside, refuseHandMade } from './files/file-changes.js';
import { occupantOf, recordOf, serviceDirectory, type InstallRecord } from './files/install-record.js';
import { plannedFiles } from './plan/make-plan.js';
import { launcherIn } from './plan/service-plan.js';
import { findRunning, stopGateway } from './stop-gateway.js';
import type { ServiceManager } from './manager/service-manager.js';

export interface Uninstallation {
  readonly paths: GatewayPaths;
  readonly manager: ServiceManager;
  readonly force: boolean;
  readonly note: (text: string) => Promise<void>;
}

interface UninstallPreview {
  readonly isInstalled: boolean;
  /** The planned removals. */
  readonly paths: readonly string[];
  readonly record: InstallRecord | undefined;
}

/** The launcher's directory, if it is this gateway's. */
function ownDirectories(paths: GatewayPaths): string[] {
  return occupantOf(paths) === undefined ? [serviceDirectory(paths)] : [];
}

const namesIn = (directory: string): string[] => ifPresent(() => readdirSync(directory)) ?? [];

function refuseEdited({ manager, paths, force }: Uninstallation, record: InstallRecord | undefined): void {
  if (force) return;
  const planned = record === undefined ? [] : plannedFiles(record.plan, manager);
  const others = [...manager.filePaths(), ...ownDirectories(paths).map((directory) => launcherIn(directory, manager.marker))].filter(
    (path) => !planned.some((file) => file.path === path),
  );
  refuseHandMade(
    [...planned.map(compareFile), ...others.map(inspectFile)],
    'Save your changes, then remove it with: xopc gateway uninstall --force',
  );
}

/** Checks without changing anything. @throws CONFLICT for edited files, unless forced; UNAVAILABLE */
export async function previewUninstall(uninstallation: Uninstallation): Promise<UninstallPreview> {
  const { manager, paths } = uninstallation;
  const record = recordOf(paths);
  const directories = ownDirectories(paths).filter((directory) => namesIn(directory).some((name) => !isKeptAside(name)));
  const found = [...manager.filePaths().filter((path) => existsSync(path)), ...directories];
  try {
    await manager.assertAvailable();
  } catch (error) {
    // Where no service manager can be asked and no file is there, nothing is installed.
    if (found.length > 0) throw error;
    return { isInstalled: false, paths: [], record };
  }
  const { isRegistered } = await manager.state();
  refuseEdited(uninstallation, record);
  return { isInstalled: isRegistered || found.length > 0, paths: found, record };
}

/** Removes a directory if it is empty. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not empty, or it does not exist.
  }
}

/** Removes what `install` has put into a directory; copies of edited files stay. */
async function clear(directory: string, note: Uninstallation['note']): Promise<void> {
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    if (isKeptAside(name)) await note(`A file that you had edited stays: ${path}`);
    else rmSync(path, { recursive: true, force: true });
  }
  removeEmpty(directory);
}

async function noteDropIns(manager: ServiceManager, note: Uninstallation['note']): Promise<void> {
  for (const path of manager.filePaths().map((unit) => `${unit}.d`))
    if (existsSync(path)) await note(`Your own settings were kept in ${path}`);
}

/** @throws UNAVAILABLE when the service is still registered afterwards */
export async function uninstall(uninstallation: Uninstallation, { record }: UninstallPreview): Promise<void> {
  const { manager, paths, note } = uninstallation;
  const running = await findRunning(paths).catch(() => undefined);
  await manager.suspend();
  if (running !== undefined && running.status.supervisedBy === manager.marker) await stopGateway(running, paths);
  await manager.remove();
  await noteDropIns(manager, note);
  for (const directory of ownDirectories(paths)) await clear(directory, note);
  const reason = record?.enabledLinger === true ? await manager.undoRepair() : undefined;
  if (reason !== undefined) await note(reason);
  for (const directory of new Set(manager.filePaths().map(dirname))) {
    removeEmpty(directory);
    removeEmpty(dirname(directory));
  }
  const { isRegistered } = await manager.state();
  if (!isRegistered) return;
  throw new GatewayError('UNAVAILABLE', {
    message: `${manager.title} still lists the service after its removal`,
    hint: 'Inspect it with: xopc gateway service-status',
  });
}
