/** Chooses the service manager of this platform. */
import { GatewayError } from '../../../shared/errors.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { LaunchdManager } from '../launchd/launchd-manager.js';
import { recordOf, serviceDirectory } from '../files/install-record.js';
import { serviceNames } from '../plan/service-name.js';
import type { ServiceManager, ServiceTarget } from './service-manager.js';
import { SystemdManager } from '../systemd/systemd-manager.js';
import { TaskSchedulerManager } from '../task-scheduler/task-scheduler-manager.js';

function targetOf(paths: GatewayPaths): ServiceTarget {
  const installed = recordOf(paths)?.plan.name;
  const names = installed === undefined ? serviceNames(paths) : { name: installed, otherwise: installed };
  return { gateway: paths, names, directory: serviceDirectory(paths) };
}

/** @throws UNAVAILABLE on a platform without a supported manager */
export function chooseManager(paths: GatewayPaths, platform: NodeJS.Platform = process.platform): ServiceManager {
  switch (platform) {
    case 'linux':
      return new SystemdManager(targetOf(paths), { directory: recordOf(paths)?.unitDirectory });
    case 'darwin':
      return new LaunchdManager(targetOf(paths));
    case 'win32':
      return new TaskSchedulerManager(targetOf(paths));
    default:
      throw new GatewayError('UNAVAILABLE', {
        message: `services are not supported on ${platform}, only with systemd, launchd or the Task Scheduler`,
        hint: 'Run the gateway in the background instead: xopc gateway start',
      });
  }
}
