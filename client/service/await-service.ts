/** Waits until a service manager has started the gateway; only the gateway's own answer counts. */
import type { StatusDocument } from '../../shared/control/messages.js';
import { type ErrorCode, GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { notServing, waitForNewInstance, watchGateway } from '../gateway/wait-ready.js';
import { chooseManager } from './manager/choose-manager.js';
import { recordOf } from './files/install-record.js';
import type { ServiceManager, ServiceState } from './manager/service-manager.js';

const LIMIT_MS = 60_000;
/** Interval at which the manager is asked whether it has given up. */
const ASK_MANAGER_MS = 500;

/** Maps the exit code of a failed start to an error code (see FINAL_EXIT_CODES). */
const CODE_OF_EXIT: Readonly<Record<number, ErrorCode>> = { 5: 'LOCK_HELD', 78: 'CONFIG_INVALID' };

async function startFailed(manager: ServiceManager, state: ServiceState): Promise<GatewayError> {
  const words = await manager.lastWords();
  // The gateway's own message, otherwise systemd's about a program that could not be run.
  const reason = words.findLast((line) => line.startsWith('xopc:')) ?? words.findLast((line) => line.includes('Failed at step'));
  const exit = state.lastExitCode === null ? state.description : `exit code ${state.lastExitCode}`;
  return new GatewayError((state.lastExitCode === null ? undefined : CODE_OF_EXIT[state.lastExitCode]) ?? 'UNAVAILABLE', {
    message: `the service exited after it was started: ${reason === undefined ? exit : reason.replace(/^xopc: /, '')}`,
    details: { exitCode: state.lastExitCode, lastWords: words },
    hint: 'The service stays installed. Fix the cause, then start it with: xopc gateway service-start',
  });
}

export function notInstalled(): GatewayError {
  return new GatewayError('NOT_FOUND', {
    message: 'the gateway is not installed as a service',
    hint: 'Install it with: xopc gateway install   Or start it without a service: xopc gateway start',
  });
}

function classifyStatus(status: StatusDocument, marker: string, previousInstanceId: string | undefined): StatusDocument | undefined {
  if (status.supervisedBy !== marker || status.instanceId === previousInstanceId) return undefined;
  return status.ready || status.state === 'failed' ? status : undefined;
}

/**
 * Waits until the gateway started by the manager is ready.
 * @param options.previousInstanceId  of the gateway that ran before, which is ignored
 * @throws CONFIG_INVALID, LOCK_HELD or UNAVAILABLE with the service's last output when it has exited; WORKER_NOT_READY;
 *   STILL_STARTING
 */
export async function awaitService(
  paths: GatewayPaths,
  manager: ServiceManager,
  options: { previousInstanceId?: string | undefined } = {},
): Promise<StatusDocument> {
  const deadline = Date.now() + LIMIT_MS;
  while (Date.now() < deadline) {
    const status = await watchGateway(
      paths,
      (location) => (location.kind === 'answers' ? classifyStatus(location.status, manager.marker, options.previousInstanceId) : undefined),
      ASK_MANAGER_MS,
    );
    if (status?.ready === true) return status;
    if (status !== undefined) throw notServing(status);
    const state = await manager.state();
    if (state.activity === 'failed' || state.activity === 'inactive') throw await startFailed(manager, state);
  }
  throw new GatewayError('STILL_STARTING', {
    message: `the service is not ready after ${LIMIT_MS / 1000} s`,
    hint: 'Check again with: xopc gateway service-status',
  });
}

/** Whether the manager of the installed service runs this process. False where it cannot be asked. */
export async function isServiceProcess(paths: GatewayPaths, pid: number): Promise<boolean> {
  if (recordOf(paths) === undefined) return false;
  try {
    return (await chooseManager(paths).state()).pid === pid;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/**
 * Starts the installed service and waits until it serves. What was registered and is not any more (an upgrade of the system, a moved
 * home directory) is registered again.
 * @param previousInstanceId  of a gateway that does not count
 * @throws NOT_FOUND when none is installed; UNAVAILABLE; what {@link awaitService} throws
 */
export async function startService(paths: GatewayPaths, previousInstanceId?: string): Promise<StatusDocument> {
  const record = recordOf(paths);
  if (record === undefined) throw notInstalled();
  const manager = chooseManager(paths);
  await manager.assertAvailable();
  const options = { isSocketActivated: record.plan.socket !== null };
  const { isRegistered, isEnabled } = await manager.state();
  if (isRegistered && isEnabled) await manager.start(options);
  else await manager.activate(options);
  return awaitService(paths, manager, { previousInstanceId });
}

/**
 * Waits for the gateway that the service manager starts in place of `oldInstanceId`. For our own service systemd is asked too, and the wait
 * ends when systemd has given up. (It is not known what launchd reports between two starts.)
 * @throws the errors of {@link waitForNewInstance}; the service's last message when its manager has given up
 */
export function awaitServiceManager(paths: GatewayPaths, oldInstanceId: string): Promise<StatusDocument> {
  if (recordOf(paths)?.plan.marker !== 'systemd') return waitForNewInstance(paths, { oldInstanceId });
  return awaitService(paths, chooseManager(paths), { previousInstanceId: oldInstanceId });
}
