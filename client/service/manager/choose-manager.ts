/** Chooses the service manager of this platform. */
import { GatewayError } from '../../../shared/errors.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { LaunchdManager } from '../launchd/launchd-manager.js';
import { findService } from '../files/install-record.js';
import { serviceNames } from '../plan/service-name.js';
import type { ServiceManager, ServiceTarget } from './service-manager.js';
import { SystemdManager } from '../systemd/systemd-manager.js';
import { TaskSchedulerManager } from '../task-scheduler/task-scheduler-manager.js';

/** @throws UNAVAILABLE on a platform without a supported manager */
export function chooseManager(paths: GatewayPaths): ServiceManager {
  const { directory, record } = findService(paths);
  const installed = record?.plan.name;
  const names = installed === undefined ? serviceNames(paths) : { name: installed, otherwise: installed };
  const target: ServiceTarget = { gateway: paths, names, directory };
  switch (process.platform) {
    case 'linux':
      return new SystemdManager(target, { directory: record?.unitDirectory });
    case 'darwin':
      return new LaunchdManager(target);
    case 'win32':
      return new TaskSchedulerManager(target);
    default:
      throw new GatewayError('UNAVAILABLE', {
        message: `services are not supported on ${process.platform}, only with systemd, launchd or the Task Scheduler`,
        hint: 'Run the gateway in the background instead: xopc gateway start',
      });
  }
}
