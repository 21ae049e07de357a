/**
 * The options of `install`, stored beside the launcher. Used to detect drift, to start the service later, and to uninstall it completely.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GatewayError } from '../../../shared/errors.js';
import { dataDirsOf } from '../../../shared/node/process/data-owner.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { reinstallCommand } from '../plan/reinstall-command.js';
import { DEFAULT_SERVICE_NAME, isSameGateway } from '../plan/service-name.js';
import type { ServiceMarker, ServicePlan } from '../plan/service-plan.js';
import { pathWord } from '../../../shared/node/path-word.js';

export interface InstallRecord {
  readonly v: 1;
  readonly plan: ServicePlan;
  /** Whether `install` turned lingering on. */
  readonly enabledLinger: boolean;
  /** Directory of the manager's files; missing in records of earlier versions. */
  readonly unitDirectory?: string;
  readonly version: string;
  readonly installedAt: string;
}

/** Records of earlier versions have no name. */
type StoredRecord = Omit<InstallRecord, 'plan'> & { readonly plan: Omit<ServicePlan, 'name'> & { readonly name?: string } };

/** @param directory  the launcher's */
export function recordPath(directory: string): string {
  return join(directory, 'install.json');
}

const MARKERS: readonly ServiceMarker[] = ['systemd', 'launchd', 'schtasks'];

/** Minimal validation suffices: the file was written by `install`, in a private directory. */
function isInstallRecord(value: unknown): value is StoredRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { v, plan, unitDirectory = '' } = value as Partial<StoredRecord>;
  const program = plan?.program;
  return (
    v === 1 &&
    typeof unitDirectory === 'string' &&
    plan !== undefined &&
    MARKERS.includes(plan.marker) &&
    typeof plan.home === 'string' &&
    ['string', 'undefined'].includes(typeof plan.name) &&
    typeof plan.launcherPath === 'string' &&
    typeof program?.path === 'string'
  );
}

/** @returns undefined when the directory contains no record, or one that is unreadable */
export function readInstallRecord(directory: string): InstallRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(recordPath(directory), 'utf8'));
    if (!isInstallRecord(value)) return undefined;
    return { ...value, plan: { ...value.plan, name: value.plan.name ?? DEFAULT_SERVICE_NAME } };
  } catch {
    return undefined;
  }
}

interface ServicePlace {
  /** Launcher, record, and the launcher's state. */
  readonly directory: string;
  /** undefined when no service is installed for this configuration. */
  readonly record: InstallRecord | undefined;
}

/** Finds the service of this configuration: `service` in its data directory; one of an earlier version stays in the home. */
export function findService(paths: GatewayPaths): ServicePlace {
  const own = join(paths.dataDir, 'service');
  for (const directory of new Set([own, join(paths.home, 'service')])) {
    const record = readInstallRecord(directory);
    if (record !== undefined && isSameGateway(record.plan, paths)) return { directory, record };
  }
  return { directory: own, record: undefined };
}

export function serviceDirectory(paths: GatewayPaths): string {
  return findService(paths).directory;
}

/** Returns the record if a service is installed for this configuration. */
export function recordOf(paths: GatewayPaths): InstallRecord | undefined {
  return findService(paths).record;
}

/** Returns the file with the user's variables for the service, which the launcher reads. */
export function serviceEnvPath(paths: GatewayPaths): string {
  return join(dirname(serviceDirectory(paths)), 'service.env');
}

/** Returns the record of another gateway's service that is installed in our directory, by a version that had one directory for all. */
export function occupantOf(paths: GatewayPaths): InstallRecord | undefined {
  const directory = serviceDirectory(paths);
  const record = readInstallRecord(directory);
  // The launcher of a copied home is elsewhere.
  const isInstalledHere = record !== undefined && dirname(record.plan.launcherPath) === directory;
  return isInstalledHere && !isSameGateway(record.plan, paths) ? record : undefined;
}

/** @throws CONFLICT when another configuration's service is installed in the directory for this one */
export function refuseOccupied(paths: GatewayPaths): void {
  const record = occupantOf(paths);
  if (record === undefined) return;
  const configPath = record.plan.configPath ?? join(record.plan.home, 'config.json');
  throw new GatewayError('CONFLICT', {
    message: `${serviceDirectory(paths)} contains the service of another configuration: ${configPath}`,
    details: { configPath },
    hint: `Move that service to its own directory: xopc gateway uninstall --config ${pathWord(configPath)}   Then: ${reinstallCommand({ ...record.plan, configPath })}`,
  });
}

function recordsIn(home: string): InstallRecord[] {
  return dataDirsOf(home).flatMap((dataDir) => readInstallRecord(join(dataDir, 'service')) ?? []);
}

/** Whether `install` of any service from these homes turned lingering on: the last one to be uninstalled turns it off. */
export function hasEnabledLinger(homes: ReadonlySet<string>): boolean {
  return [...homes].flatMap(recordsIn).some(({ enabledLinger }) => enabledLinger);
}
