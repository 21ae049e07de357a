/** Starts a worker with the given configuration. */
import { newId } from '../../../shared/ids.js';
import type { ConfigSource } from '../config/live-config.js';
import type { SupervisorDeps } from '../state/supervisor-deps.js';
import { type WorkerHandlers, WorkerProcess } from './worker-process.js';

/** @param options.liveInstanceIds  of the workers already running, whose leases stay valid */
export function launchWorker(
  deps: SupervisorDeps,
  options: { source: ConfigSource; liveInstanceIds: readonly string[] },
  handlers: WorkerHandlers,
): WorkerProcess {
  const { clock, log, paths, redactor, spawn } = deps;
  const { source, liveInstanceIds } = options;
  const instanceId = newId('wk');
  const boot = {
    instanceId,
    supervisorPid: process.pid,
    home: paths.home,
    configPath: paths.configPath,
    configSource: source.configSource,
    modelsSource: source.modelsSource,
    dataDir: paths.dataDir,
    liveInstanceIds: [...liveInstanceIds, instanceId],
  };
  const worker = new WorkerProcess({
    boot,
    extra: deps.workerEnvironment,
    clock,
    log,
    handlers: { ...handlers, onOutputComplete: (worker, record) => deps.respawn.completeRecord(worker, record) },
    redactor,
    spawn,
  });
  log.info({ worker: worker.pid, instanceId }, 'worker starting');
  return worker;
}
