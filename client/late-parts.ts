/** The parts of `tools.cjs` that the daily commands load on demand. Each imports its module at its first call. */

/** @returns the function that `load` imports, as a function that loads it first */
function late<Args extends unknown[], Result>(
  load: () => Promise<(...args: Args) => Result | Promise<Result>>,
): (...args: Args) => Promise<Result> {
  return async (...args) => (await load())(...args);
}

export const startSupervisor = late(async () => (await import('./gateway/start-supervisor.js')).startSupervisor);
export const attachGateway = late(async () => (await import('./gateway/attach-gateway.js')).attachGateway);
export const forceStart = late(async () => (await import('./gateway/force-start.js')).forceStart);
export const problemsAfterCrash = late(async () => (await import('./gateway/start-config.js')).problemsAfterCrash);
export const requireValidBeforeEnd = late(async () => (await import('./gateway/start-config.js')).requireValidBeforeEnd);
export const readFormerStart = late(async () => (await import('./gateway/start-again.js')).readFormerStart);
export const startAgain = late(async () => (await import('./gateway/start-again.js')).startAgain);
export const refuseTakenPort = late(async () => (await import('./gateway/taken-port.js')).refuseTakenPort);
export const killGateway = late(async () => (await import('./gateway/end/kill-gateway.js')).killGateway);
export const reclaimLock = late(async () => (await import('./gateway/end/reclaim-lock.js')).reclaimLock);
export const rouseGateway = late(async () => (await import('./gateway/end/rouse-gateway.js')).rouseGateway);
export const stopToStartAgain = late(async () => (await import('./gateway/end/stop-to-move.js')).stopToStartAgain);
export const awaitServiceManager = late(async () => (await import('./service/await-service.js')).awaitServiceManager);
export const findServiceObstacle = late(async () => (await import('./service/await-service.js')).findServiceObstacle);
export const isServiceProcess = late(async () => (await import('./service/await-service.js')).isServiceProcess);
export const serviceWarnings = late(async () => (await import('./service/drift.js')).serviceWarnings);
export const noteVariables = late(async () => (await import('./service/plan/shell-variables.js')).noteVariables);
export const stayStopped = late(async () => (await import('./service/stop-gateway.js')).stayStopped);
export const startLogWeb = late(async () => (await import('./log-web/start-log-web.js')).startLogWeb);
