/** What a command finds about the installation of a running gateway, which cannot see it itself. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StatusDocument, StatusWarning } from '../../shared/api/gateway/status.js';
import { bundleDirectory } from '../../shared/node/build/bundle.js';
import { isSingleExecutable } from '../../shared/node/build/single-executable.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { ClientRuntime } from '../cli/client-context.js';
import { recordOf, serviceEnvPath } from './files/install-record.js';

/** A restart does not switch to a package that is installed elsewhere, e.g. under another Node. */
function otherBuild(runtime: ClientRuntime, { build, version }: StatusDocument): StatusWarning[] {
  const own = runtime.build();
  if (own === undefined || own.buildId === build.running || own.buildId === build.installed) return [];
  const place = isSingleExecutable() ? process.execPath : dirname(bundleDirectory);
  return [
    {
      code: 'OTHER_BUILD',
      message: `this command is version ${own.version} (build ${own.buildId}) in ${place}; the gateway runs ${version} (build ${build.running}) of another installation`,
      hint: 'If this command is the newer one, change to it: xopc gateway stop   Then: xopc gateway start',
    },
  ];
}

/** The launcher reads them when the service manager starts a supervisor, not when that replaces its worker. */
function changedVariables(paths: GatewayPaths, { startedAt, supervisedBy }: StatusDocument): StatusWarning[] {
  if (supervisedBy === null) return [];
  const path = serviceEnvPath(paths);
  const changedAtMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (changedAtMs <= Date.parse(startedAt)) return [];
  return [
    {
      code: 'SERVICE_VARIABLES_CHANGED',
      message: `${path} has changed since the gateway was started; it still has the variables from before`,
      hint: 'Apply the change with: xopc gateway restart --force',
    },
  ];
}

/** Returns the warnings of an installed service, and one if the gateway runs a build that this command does not belong to. */
export async function installationWarnings(status: StatusDocument, paths: GatewayPaths, runtime: ClientRuntime): Promise<StatusWarning[]> {
  const isInstalled = recordOf(paths) !== undefined;
  const service = isInstalled ? [...changedVariables(paths, status), ...(await runtime.loadTools().serviceWarnings(paths))] : [];
  return service.some(({ code }) => code === 'SERVICE_OTHER_PACKAGE') ? service : [...service, ...otherBuild(runtime, status)];
}
