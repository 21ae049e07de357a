/** The steps of `uninstall`: the gateway stops gracefully, and nothing that `install` made is left. */
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { compareFile, refuseHandMade } from './files/file-changes.js';
import { readInstallRecord, refuseOtherConfiguration, serviceDirectory, type InstallRecord } from './files/install-record.js';
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
  /** What will be removed. */
  readonly paths: readonly string[];
  readonly record: InstallRecord | undefined;
}

function refuseEdited({ manager, paths, force }: Uninstallation, record: InstallRecord | undefined): void {
  if (force || record === undefined) return;
  const changes = plannedFiles(refreshPlan(record.plan, paths), manager).map(compareFile);
  refuseHandMade(changes, 'Save what you need of it; remove it with: xopc gateway uninstall --force');
}

/** Looks and changes nothing. @throws CONFLICT for hand-made files or a service of another configuration, unless forced */
export async function previewUninstall(uninstallation: Uninstallation): Promise<UninstallPreview> {
  const { manager, paths, force } = uninstallation;
  const record = readInstallRecord(paths.home);
  if (!force) refuseOtherConfiguration(record, paths, 'Name it with --config, or remove it anyway with --force');
  const directory = serviceDirectory(paths.home);
  const found = [...manager.filePaths(), directory].filter((path) => existsSync(path));
  const { isRegistered } = await manager.state();
  refuseEdited(uninstallation, record);
  return { isInstalled: isRegistered || found.length > 0, paths: found, record };
}

/** Removes a directory that nothing is in any more. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Somebody else's files are in it, or it was never there.
  }
}

async function noteDropIns(manager: ServiceManager, note: Uninstallation['note']): Promise<void> {
  for (const path of manager.filePaths().map((unit) => `${unit}.d`)) if (existsSync(path)) await note(`Your own settings stay in ${path}`);
}

/** @throws UNAVAILABLE when the manager still knows the service afterwards */
export async function uninstall(uninstallation: Uninstallation, { record }: UninstallPreview): Promise<void> {
  const { manager, paths, note } = uninstallation;
  const running = await findRunning(paths).catch(() => undefined);
  await manager.suspend();
  if (running !== undefined && running.status.supervisedBy === manager.marker) await stopGateway(running);
  await manager.remove();
  await noteDropIns(manager, note);
  rmSync(serviceDirectory(paths.home), { recursive: true, force: true });
  const reason = record?.enabledLinger === true ? await manager.undoRepair() : undefined;
  if (reason !== undefined) await note(reason);
  for (const directory of new Set(manager.filePaths().map(dirname))) {
    removeEmpty(directory);
    removeEmpty(dirname(directory));
  }
  const { isRegistered } = await manager.state();
  if (!isRegistered) return;
  throw new GatewayError('UNAVAILABLE', {
    message: `${manager.title} still knows the service after it was removed`,
    hint: 'Look at it with: xopc gateway service-status',
  });
}
