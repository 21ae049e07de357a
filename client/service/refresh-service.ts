/** Brings an installation's files up to date without starting or stopping anything: what `doctor --fix` may do. */
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import { writeFileAtomic } from '../../shared/node/files/atomic-file.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { compareFile, writeServiceFile } from './file-changes.js';
import { type InstallRecord, recordPath } from './install-record.js';
import { plannedFiles, refreshPlan } from './make-plan.js';
import type { ServiceManager } from './service-manager.js';

/** @returns whether {@link refreshService} can do it: another address to listen on needs a start */
export function canRefresh(record: InstallRecord, paths: GatewayPaths, manager: ServiceManager): boolean {
  const { socket } = refreshPlan(record.plan, paths);
  const isSameSocket = socket?.port === record.plan.socket?.port && socket?.host === record.plan.socket?.host;
  return manager.reload !== undefined && isSameSocket;
}

/** Writes what is missing or out of date; what was edited by hand stays. @returns what it did */
export async function refreshService(record: InstallRecord, paths: GatewayPaths, manager: ServiceManager): Promise<string> {
  const plan = refreshPlan(record.plan, paths);
  const changes = plannedFiles(plan, manager).map(compareFile);
  const stale = changes.filter(({ current }) => current === 'absent' || current === 'outdated');
  for (const { file } of stale) await writeServiceFile(file);
  const version = readBuildInfo()?.version ?? record.version;
  await writeFileAtomic(recordPath(plan.home), `${JSON.stringify({ ...record, plan, version } satisfies InstallRecord, null, 2)}\n`);
  await manager.reload?.();
  return `wrote ${stale.map(({ file }) => file.path).join(', ')}, and ${manager.title} has read it; the service was not restarted`;
}
