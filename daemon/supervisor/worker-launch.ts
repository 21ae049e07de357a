/** Starts a worker with the configuration that is to be tried. */
import { newId } from '../../shared/ids.js';
import type { ConfigSource } from './live-config.js';
import type { SupervisorDeps } from './supervisor-deps.js';
import { type WorkerHandlers, WorkerProcess } from './worker-process.js';

/** @param liveInstanceIds  of the workers that run already: their leases are good */
export function launchWorker(
  deps: SupervisorDeps,
  liveInstanceIds: readonly string[],
  handlers: WorkerHandlers,
): { worker: WorkerProcess; source: ConfigSource } {
  const { clock, log, paths, config, hangAfterMs, redactor, spawn } = deps;
  const source = config.source();
  const instanceId = newId('wk');
  const boot = {
    instanceId,
    supervisorPid: process.pid,
    home: paths.home,
    configPath: paths.configPath,
    configSource: source.configSource,
    modelsSource: source.modelsSource,
    logPath: paths.logPath,
    host: config.settings.host,
    port: config.settings.port,
    liveInstanceIds: [...liveInstanceIds, instanceId],
  };
  const worker = new WorkerProcess({
    boot,
    extra: deps.workerEnvironment,
    clock,
    log,
    handlers,
    ...(hangAfterMs === undefined ? {} : { hangAfterMs }),
    ...(redactor === undefined ? {} : { redactor }),
    ...(spawn === undefined ? {} : { spawn }),
  });
  log.info({ worker: worker.pid, instanceId }, 'worker starting');
  return { worker, source };
}
