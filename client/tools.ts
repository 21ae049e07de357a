/** Entry of the bundle with all commands, and with the parts that the daily commands load on demand. */
import type { ClientTools } from './cli/client-context.js';
import { runInProcess } from './cli/process.js';
import { COMMANDS } from './commands/registry.js';

/** @returns the process exit code */
export function main(args: readonly string[]): Promise<number> {
  return runInProcess(args, COMMANDS);
}

export const startSupervisor: ClientTools['startSupervisor'] = async (options) =>
  (await import('./gateway/start-supervisor.js')).startSupervisor(options);

export const awaitServiceManager: ClientTools['awaitServiceManager'] = async (...args) =>
  (await import('./service/await-service.js')).awaitServiceManager(...args);

export const attachGateway: ClientTools['attachGateway'] = async (...args) =>
  (await import('./gateway/attach-gateway.js')).attachGateway(...args);

export const forceStart: ClientTools['forceStart'] = async (...args) => (await import('./gateway/force-start.js')).forceStart(...args);

export const problemsAfterCrash: ClientTools['problemsAfterCrash'] = async (...args) =>
  (await import('./gateway/start-config.js')).problemsAfterCrash(...args);

export const requireValidBeforeEnd: ClientTools['requireValidBeforeEnd'] = async (...args) =>
  (await import('./gateway/start-config.js')).requireValidBeforeEnd(...args);

export const readFormerStart: ClientTools['readFormerStart'] = async (...args) =>
  (await import('./gateway/start-again.js')).readFormerStart(...args);

export const refuseTakenPort: ClientTools['refuseTakenPort'] = async (...args) =>
  (await import('./gateway/taken-port.js')).refuseTakenPort(...args);

export const killGateway: ClientTools['killGateway'] = async (...args) =>
  (await import('./gateway/end/kill-gateway.js')).killGateway(...args);

export const reclaimLock: ClientTools['reclaimLock'] = async (...args) =>
  (await import('./gateway/end/reclaim-lock.js')).reclaimLock(...args);

export const rouseGateway: ClientTools['rouseGateway'] = async (...args) =>
  (await import('./gateway/end/rouse-gateway.js')).rouseGateway(...args);

export const stopToStartAgain: ClientTools['stopToStartAgain'] = async (...args) =>
  (await import('./gateway/end/stop-to-move.js')).stopToStartAgain(...args);

export const startAgain: ClientTools['startAgain'] = async (start) => (await import('./gateway/start-again.js')).startAgain(start);

export const findServiceObstacle: ClientTools['findServiceObstacle'] = async (paths) =>
  (await import('./service/await-service.js')).findServiceObstacle(paths);

export const isServiceProcess: ClientTools['isServiceProcess'] = async (...args) =>
  (await import('./service/await-service.js')).isServiceProcess(...args);

export const serviceWarnings: ClientTools['serviceWarnings'] = async (paths) => (await import('./service/drift.js')).serviceWarnings(paths);

export const stayStopped: ClientTools['stayStopped'] = async (stop) => (await import('./service/stop-gateway.js')).stayStopped(stop);

export const startLogWeb: ClientTools['startLogWeb'] = async (...args) => (await import('./log-web/start-log-web.js')).startLogWeb(...args);
