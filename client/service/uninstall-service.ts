/** The steps of `uninstall`: the gateway stops gracefully, and everything that `install` created is removed. */
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { compareFile, refuseHandMade } from './files/file-changes.js';
import { occupantOf, recordOf, serviceDirectory, type InstallRecord } from './files/install-record.js';
import { plannedFiles, refreshPlan } from './plan/make-plan.js';
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

function refuseEdited({ manager, paths, force }: Uninstallation, record: InstallRecord | undefined): void {
  if (force || record === undefined) return;
  const changes = plannedFiles(refreshPlan(record.plan, paths), manager).map(compareFile);
  refuseHandMade(changes, 'Save your changes, then remove it with: xopc gateway uninstall --force');
}

/** Checks without changing anything. @throws CONFLICT for edited files, unless forced; UNAVAILABLE */
export async function previewUninstall(uninstallation: Uninstallation): Promise<UninstallPreview> {
  const { manager, paths } = uninstallation;
  const record = recordOf(paths);
  const found = [...manager.filePaths(), ...ownDirectories(paths)].filter((path) => existsSync(path));
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
  for (const directory of ownDirectories(paths)) rmSync(directory, { recursive: true, force: true });
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
