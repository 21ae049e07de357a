/**
 * Finds differences between an installed service and what `install` would write, for `status`, `service-status` and `doctor`, and brings
 * its files up to date for `doctor --fix`. The check reads a few small files and starts no process, so that `status` stays fast.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StatusWarning } from '../../shared/api/gateway/status.js';
import { bundleDirectory, readBuildInfo } from '../../shared/node/build/bundle.js';
import { isSingleExecutable } from '../../shared/node/build/single-executable.js';
import { writeFileAtomic } from '../../shared/node/files/atomic-file.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { chooseManager } from './manager/choose-manager.js';
import { compareFile, type FileChange, writeServiceFile } from './files/file-changes.js';
import { type InstallRecord, recordOf, recordPath } from './files/install-record.js';
import { plannedFiles, refreshPlan } from './plan/make-plan.js';
import { reinstallCommand } from './plan/reinstall-command.js';
import type { ServiceManager } from './manager/service-manager.js';
import type { ServicePlan } from './plan/service-plan.js';

function fileWarning({ file, current }: FileChange, command: string): StatusWarning | undefined {
  switch (current) {
    case 'same':
      return undefined;
    case 'absent':
      return { code: 'SERVICE_FILE_MISSING', message: `${file.path} is missing; the service cannot be started again`, hint: command };
    case 'outdated':
      return {
        code: 'SERVICE_OUTDATED',
        message: `${file.path} differs from what this version and configuration would install`,
        hint: command,
      };
    case 'edited':
    case 'foreign':
      return {
        code: 'SERVICE_EDITED',
        message: `${file.path} was edited by hand`,
        hint: `Show the difference with: ${command} --dry-run   Overwrite it with: ${command} --force`,
      };
  }
}

function programWarnings({ program }: ServicePlan, command: string): StatusWarning[] {
  const entry = program.runtime === 'binary' ? program.path : join(program.path, 'dist', 'main.cjs');
  const missing = [entry, program.nodePath].filter((path) => path !== null && !existsSync(path));
  if (missing.length > 0) {
    return [
      {
        code: 'SERVICE_PROGRAM_MOVED',
        message: `${missing.join(' and ')} is missing; the service looks for another one at its next start`,
        hint: command,
      },
    ];
  }
  const own = isSingleExecutable() ? process.execPath : dirname(bundleDirectory);
  const isOther = program.runtime === (isSingleExecutable() ? 'binary' : 'node') && realpathSync(program.path) !== realpathSync(own);
  return isOther
    ? [{ code: 'SERVICE_OTHER_PACKAGE', message: `the service runs ${program.path}, this command is ${own}`, hint: command }]
    : [];
}

export function driftOf(record: InstallRecord, paths: GatewayPaths): StatusWarning[] {
  const command = reinstallCommand(record.plan);
  const files = plannedFiles(refreshPlan(record.plan, paths), chooseManager(paths));
  const fileWarnings = files.map((file) => fileWarning(compareFile(file), command)).filter((warning) => warning !== undefined);
  return [...fileWarnings, ...programWarnings(record.plan, command)];
}

/** @returns an empty list if no service is installed for this configuration; never throws */
export function serviceWarnings(paths: GatewayPaths): StatusWarning[] {
  const record = recordOf(paths);
  if (record === undefined) return [];
  try {
    return driftOf(record, paths);
  } catch (error) {
    return [
      {
        code: 'SERVICE_UNREADABLE',
        message: `the installed service cannot be checked: ${String((error as Error).message)}`,
        hint: 'xopc gateway service-status',
      },
    ];
  }
}

/** @returns whether {@link refreshService} can fix it: a changed listening address needs a restart */
export function canRefresh(record: InstallRecord, paths: GatewayPaths, manager: ServiceManager): boolean {
  const { socket } = refreshPlan(record.plan, paths);
  const isSameSocket = socket?.port === record.plan.socket?.port && socket?.host === record.plan.socket?.host;
  return manager.reload !== undefined && isSameSocket;
}

/** Writes missing and outdated files; keeps edited files, and starts or stops nothing. @returns a description of the changes */
export async function refreshService(record: InstallRecord, paths: GatewayPaths, manager: ServiceManager): Promise<string> {
  const plan = refreshPlan(record.plan, paths);
  const changes = plannedFiles(plan, manager).map(compareFile);
  const stale = changes.filter(({ current }) => current === 'absent' || current === 'outdated');
  for (const { file } of stale) await writeServiceFile(file);
  const version = readBuildInfo()?.version ?? record.version;
  await writeFileAtomic(
    recordPath(dirname(plan.launcherPath)),
    `${JSON.stringify({ ...record, plan, version } satisfies InstallRecord, null, 2)}\n`,
  );
  await manager.reload?.();
  return `wrote ${stale.map(({ file }) => file.path).join(', ')}, and reloaded ${manager.title}; the service was not restarted`;
}
