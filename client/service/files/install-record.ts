/**
 * The options of `install`, stored beside the launcher. Used to detect drift, to start the service later, and to uninstall it completely.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../../shared/errors.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import type { ServiceMarker, ServicePlan } from '../plan/service-plan.js';

export interface InstallRecord {
  readonly v: 1;
  /** Path of the configuration that the service runs with. */
  readonly configHash: string;
  readonly plan: ServicePlan;
  /** Whether `install` turned lingering on. */
  readonly enabledLinger: boolean;
  /** Directory of the manager's files; missing in records of earlier versions. */
  readonly unitDirectory?: string;
  readonly version: string;
  readonly installedAt: string;
}

/** Launcher, record, and the launcher's state. */
export function serviceDirectory(home: string): string {
  return join(home, 'service');
}

export function recordPath(home: string): string {
  return join(serviceDirectory(home), 'install.json');
}

const MARKERS: readonly ServiceMarker[] = ['systemd', 'launchd', 'schtasks'];

/** Minimal validation suffices: the file was written by `install`, in a private directory. */
function isInstallRecord(value: unknown): value is InstallRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { v, configHash, plan, unitDirectory = '' } = value as Partial<InstallRecord>;
  const program = plan?.program;
  return (
    v === 1 &&
    typeof configHash === 'string' &&
    typeof unitDirectory === 'string' &&
    plan !== undefined &&
    MARKERS.includes(plan.marker) &&
    typeof plan.home === 'string' &&
    typeof plan.launcherPath === 'string' &&
    typeof program?.path === 'string'
  );
}

/** @returns undefined when no service was installed from this home, or its record is unreadable */
export function readInstallRecord(home: string): InstallRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(recordPath(home), 'utf8'));
    return isInstallRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a service may be installed from this home. Most commands need no more than this. */
export function hasInstallRecord(home: string): boolean {
  return existsSync(recordPath(home));
}

/** Returns the record if the service belongs to this configuration. */
export function recordOf(paths: GatewayPaths): InstallRecord | undefined {
  const record = readInstallRecord(paths.home);
  return record?.configHash === paths.hash ? record : undefined;
}

/** @throws CONFLICT when the record belongs to another configuration in the same home */
export function refuseOtherConfiguration(record: InstallRecord | undefined, paths: GatewayPaths, hint: string): void {
  if (record === undefined || record.configHash === paths.hash) return;
  const configPath = record.plan.configPath ?? join(record.plan.home, 'config.json');
  throw new GatewayError('CONFLICT', {
    message: `the service of this home runs another configuration: ${configPath}`,
    details: { configPath: record.plan.configPath },
    hint,
  });
}
