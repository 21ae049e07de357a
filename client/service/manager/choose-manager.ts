/** Chooses the service manager of this platform. */
import { GatewayError } from '../../../shared/errors.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { LaunchdManager } from '../launchd/launchd-manager.js';
import { readInstallRecord } from '../files/install-record.js';
import type { ServiceManager } from './service-manager.js';
import { SystemdManager } from '../systemd/systemd-manager.js';
import { TaskSchedulerManager } from '../task-scheduler/task-scheduler-manager.js';

/** @throws UNAVAILABLE on a platform without a supported manager */
export function chooseManager(paths: GatewayPaths, platform: NodeJS.Platform = process.platform): ServiceManager {
  switch (platform) {
    case 'linux':
      return new SystemdManager({ directory: readInstallRecord(paths.home)?.unitDirectory });
    case 'darwin':
      return new LaunchdManager({ home: paths.home });
    case 'win32':
      return new TaskSchedulerManager({ home: paths.home });
    default:
      throw new GatewayError('UNAVAILABLE', {
        message: `services are not supported on ${platform}, only with systemd, launchd or the Task Scheduler`,
        hint: 'Run the gateway in the background instead: xopc gateway start',
      });
  }
}
