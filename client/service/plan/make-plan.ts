/** Turns the options of `install` into an installation plan. */
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { readDrainTimeoutMs, readServiceListen } from '../../gateway/gateway-settings.js';
import { chooseProgram } from './choose-program.js';
import { serviceDirectory } from '../files/install-record.js';
import { posixLauncher } from '../launcher/posix-launcher.js';
import { windowsLauncher } from '../launcher/windows-launcher.js';
import type { ServiceManager } from '../manager/service-manager.js';
import { launcherIn, type Sandbox, type ServiceFile, type ServicePlan, type ServiceRuntime } from './service-plan.js';
import { usage } from '../../cli/usage.js';

export interface InstallOptions {
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly socket: boolean;
  readonly runtime: ServiceRuntime | undefined;
  readonly sandbox: Sandbox;
}

function socketAddress(host: string, port: number): { host: string; port: number } {
  const address = host === 'localhost' ? '127.0.0.1' : host;
  if (isIP(address) !== 0) return { host: address, port };
  throw usage(`--socket needs an IP address, but '${host}' is a host name`, 'e.g. --host 127.0.0.1, or --host 0.0.0.0 for every interface');
}

/** Unit files, plists and batch files cannot contain a path with a line break. */
function refuseLineBreaks(paths: readonly string[]): void {
  const bad = paths.find((path) => /[\r\n]/.test(path));
  if (bad === undefined) return;
  throw usage(`cannot install a service from a path with a line break: ${JSON.stringify(bad)}`, 'Set XOPC_HOME to another directory.');
}

/** @throws USAGE for conflicting options or a missing runtime; CONFIG_INVALID */
export function makePlan(
  options: InstallOptions,
  from: { paths: GatewayPaths; environment: GatewayEnvironment; manager: ServiceManager },
): ServicePlan {
  const { paths, environment, manager } = from;
  if (options.socket && !manager.supportsSocket)
    throw usage(`--socket needs systemd; this platform uses ${manager.title}`, 'Omit --socket.');
  const program = chooseProgram(options.runtime);
  refuseLineBreaks([paths.home, paths.configPath, program.path, program.nodePath ?? '']);
  const port = options.port ?? environment.port ?? null;
  const host = options.host ?? environment.host ?? null;
  const listen = readServiceListen({ port, host }, paths);
  return {
    name: manager.name,
    marker: manager.marker,
    home: paths.home,
    configPath: paths.configPath === join(paths.home, 'config.json') ? null : paths.configPath,
    launcherPath: launcherIn(serviceDirectory(paths), manager.marker),
    program,
    port,
    host,
    socket: options.socket ? socketAddress(listen.host, listen.port) : null,
    drainTimeoutMs: readDrainTimeoutMs(paths),
    sandbox: options.sandbox,
  };
}

/** Rebuilds the plan of an earlier installation from its options and the current configuration. */
export function refreshPlan(plan: ServicePlan, paths: GatewayPaths): ServicePlan {
  const listen = readServiceListen(plan, paths);
  return {
    ...plan,
    socket: plan.socket === null ? null : socketAddress(listen.host, listen.port),
    drainTimeoutMs: readDrainTimeoutMs(paths),
  };
}

/** Returns every file of an installation: the launcher and the manager's files. */
export function plannedFiles(plan: ServicePlan, manager: ServiceManager): ServiceFile[] {
  const text = plan.marker === 'schtasks' ? windowsLauncher(plan) : posixLauncher(plan);
  return [{ path: plan.launcherPath, text, mode: 0o700, encoding: 'utf8' }, ...manager.files(plan)];
}
