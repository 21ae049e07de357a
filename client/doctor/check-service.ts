/** Checks the installed service: its files, its manager, and other services that start a gateway. Part of the service bundle. */
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { chooseManager } from '../service/manager/choose-manager.js';
import { canRefresh, driftOf, refreshService } from '../service/drift.js';
import { type InstallRecord, recordOf } from '../service/files/install-record.js';
import { rivalsAmong } from '../service/manager/other-units.js';
import type { ServiceManager } from '../service/manager/service-manager.js';
import { reinstallCommand } from '../service/plan/reinstall-command.js';
import { fail, type Finding, ok, reasonOf, warn } from './finding.js';

const REPAIRABLE = ['SERVICE_OUTDATED', 'SERVICE_FILE_MISSING'];

function checkDrift(record: InstallRecord, paths: GatewayPaths, manager: ServiceManager): Finding[] {
  const drift = driftOf(record, paths);
  if (drift.length === 0) return [ok('service-files', 'the files of the service match this version')];
  const canRepair = canRefresh(record, paths, manager);
  return drift.map(({ message, hint }, index) => {
    const isFirst = drift.findIndex((other) => REPAIRABLE.includes(other.code)) === index;
    return warn('service-files', message, {
      fix: hint,
      // One repair fixes all of them.
      ...(canRepair && isFirst ? { repair: () => refreshService(record, paths, manager) } : {}),
    });
  });
}

async function checkState({ plan }: InstallRecord, manager: ServiceManager): Promise<Finding> {
  const state = await manager.state();
  if (!state.isRegistered) return fail('service', `${manager.title} does not know the service`, { fix: reinstallCommand(plan) });
  if (state.activity === 'failed') {
    const exit = state.lastExitCode === null ? '' : ` (exit code ${state.lastExitCode})`;
    return fail('service', `${manager.title} has given up${exit}`, {
      fix: 'Show the cause with: xopc gateway logs   Then: xopc gateway service-start',
    });
  }
  if (!state.isEnabled) return warn('service', 'it does not start at boot', { fix: reinstallCommand(plan) });
  return state.activity === 'inactive'
    ? ok('service', 'stopped; start it with: xopc gateway service-start')
    : ok('service', `${state.description}, starts at boot (${manager.title})`);
}

async function checkOthers(paths: GatewayPaths, manager: ServiceManager): Promise<Finding[]> {
  const rivals = rivalsAmong(await manager.others(), paths);
  return rivals.map(({ path, removeWith }) => warn('other-services', `another service starts a gateway: ${path}`, { fix: removeWith }));
}

async function checkInstalled(record: InstallRecord, paths: GatewayPaths, manager: ServiceManager): Promise<Finding[]> {
  const files = checkDrift(record, paths, manager);
  try {
    await manager.assertAvailable();
    const concerns = await manager.concerns({ repair: false });
    return [
      await checkState(record, manager),
      ...files,
      ...concerns.map(({ message, hint }) => warn('service-life', message, { fix: hint })),
    ];
  } catch (error) {
    const hint = error instanceof GatewayError ? error.hint : undefined;
    return [fail('service', reasonOf(error), { fix: hint }), ...files];
  }
}

export async function checkService(paths: GatewayPaths): Promise<Finding[]> {
  const record = recordOf(paths);
  try {
    const manager = chooseManager(paths);
    const own =
      record === undefined
        ? [ok('service', 'not installed; install it with: xopc gateway install')]
        : await checkInstalled(record, paths, manager);
    return [...own, ...(await checkOthers(paths, manager))];
  } catch (error) {
    return [ok('service', reasonOf(error))];
  }
}
