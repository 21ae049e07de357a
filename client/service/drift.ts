/**
 * Where an installed service is not what it should be, reported by `status`, `service-status` and `doctor`. Reads a few small
 * files and asks nobody: `status` stays as quick as it is.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StatusWarning } from '../../shared/control/messages.js';
import { bundleDirectory } from '../../shared/node/build/bundle.js';
import { isSingleExecutable } from '../../shared/node/build/single-executable.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { chooseManager } from './choose-manager.js';
import { compareFile, type FileChange } from './file-changes.js';
import { type InstallRecord, recordOf } from './install-record.js';
import { plannedFiles, refreshPlan } from './make-plan.js';
import type { ServicePlan } from './service-plan.js';

/** The command that brings an installation up to date with the options that it was made with. */
export function reinstallCommand({ port, host, socket, program }: ServicePlan): string {
  const options = [
    ...(port === null ? [] : ['--port', String(port)]),
    ...(host === null ? [] : ['--host', host]),
    ...(socket === null ? [] : ['--socket']),
    ...(program.runtime === 'binary' ? ['--runtime', 'binary'] : []),
  ];
  return ['xopc gateway install', ...options].join(' ');
}

function fileWarning({ file, current }: FileChange, command: string): StatusWarning | undefined {
  switch (current) {
    case 'same':
      return undefined;
    case 'absent':
      return { code: 'SERVICE_FILE_MISSING', message: `${file.path} is gone; the service cannot be started again`, hint: command };
    case 'outdated':
      return { code: 'SERVICE_OUTDATED', message: `${file.path} is not what this version and configuration would install`, hint: command };
    case 'edited':
    case 'foreign':
      return {
        code: 'SERVICE_EDITED',
        message: `${file.path} was edited by hand`,
        hint: `See the difference with: ${command} --dry-run   Overwrite it with: ${command} --force`,
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
        message: `${missing.join(' and ')} is gone; the service looks for another one at its next start`,
        hint: command,
      },
    ];
  }
  const own = isSingleExecutable() ? process.execPath : dirname(bundleDirectory);
  const isOther = program.runtime === (isSingleExecutable() ? 'binary' : 'node') && program.path !== own;
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

/** @returns nothing where no service is installed for this configuration; never throws */
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
