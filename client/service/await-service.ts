/** Waits until a service manager has started the gateway; only the gateway's own answer counts. */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { type ErrorCode, GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { GatewayLocation } from '../gateway/locate-gateway.js';
import { notServing, waitForNewInstance, watchGateway } from '../gateway/wait-ready.js';
import { chooseManager } from './manager/choose-manager.js';
import { recordOf } from './files/install-record.js';
import type { ServiceManager, ServiceState } from './manager/service-manager.js';
import { reinstallCommand } from './plan/reinstall-command.js';
import type { ServicePlan } from './plan/service-plan.js';

const LIMIT_MS = 60_000;
/** Interval at which the manager is asked whether it has given up. */
const ASK_MANAGER_MS = 500;

/** Maps the exit code of a failed start to an error code (see FINAL_EXIT_CODES). */
const CODE_OF_EXIT: Readonly<Record<number, ErrorCode>> = { 5: 'LOCK_HELD', 78: 'CONFIG_INVALID' };

/** How often a service may exit and be restarted during the wait: each exit may be caused by another, faster start. */
const MAX_RESTARTS = 2;
/** From the start of the service's process to the gateway's lock. */
const LOCK_LIMIT_MS = 10_000;
/** Lines of the service's output that a message shows. */
const SHOWN_WORDS = 5;

/** @param what  has happened to the service */
async function startFailed(manager: ServiceManager, state: ServiceState, what: string): Promise<GatewayError> {
  const words = await manager.lastWords();
  // The gateway's own message, otherwise systemd's about a program that could not be run.
  const reason = words.findLast((line) => line.startsWith('xopc:')) ?? words.findLast((line) => line.includes('Failed at step'));
  const exit = state.lastExitCode === null ? state.description : `exit code ${state.lastExitCode}`;
  const output = words.length === 0 ? `: ${exit}` : ['; its last output:', ...words.slice(-SHOWN_WORDS)].join('\n    ');
  return new GatewayError((state.lastExitCode === null ? undefined : CODE_OF_EXIT[state.lastExitCode]) ?? 'UNAVAILABLE', {
    message: what + (reason === undefined ? output : `: ${reason.replace(/^xopc: /, '')}`),
    details: { exitCode: state.lastExitCode, lastWords: words },
    hint: 'The service stays installed. Fix the cause, then start it with: xopc gateway service-start',
  });
}

const isAbsent = (location: GatewayLocation | undefined): boolean => location?.kind === 'absent';

interface Sight {
  readonly state: ServiceState;
  readonly location: GatewayLocation | undefined;
  /** Restarts since the wait began. */
  readonly restarts: number;
  /** No gateway has the lock, for longer than a start takes. */
  readonly isLate: boolean;
}

/** Why a service in this state will never be ready; undefined while it may. */
function hopeless({ state, location, restarts, isLate }: Sight, marker: string): string | undefined {
  const { activity, pid } = state;
  if (activity === 'failed' || activity === 'inactive') return 'the service exited after it was started';
  if (restarts > MAX_RESTARTS) return 'the service exits each time it is started';
  if (pid === null || activity !== 'active') return undefined;
  const status = location?.kind === 'answers' ? location.status : undefined;
  if (status?.pid === pid && status.supervisedBy !== marker)
    return `the service was changed: XOPC_SERVICE_MARKER is '${status.supervisedBy ?? ''}' in it, not '${marker}'`;
  return isLate ? `process ${pid} of the service is not the gateway of this configuration` : undefined;
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
 * @param options.lockLimitMs  how long its process may run without being the gateway; default: the launcher may wait, so no limit
 * @throws CONFIG_INVALID, LOCK_HELD or UNAVAILABLE with the service's last output when it has exited; WORKER_NOT_READY;
 *   STILL_STARTING
 */
export async function awaitService(
  paths: GatewayPaths,
  manager: ServiceManager,
  options: { previousInstanceId?: string | undefined; lockLimitMs?: number } = {},
): Promise<StatusDocument> {
  const deadline = Date.now() + LIMIT_MS;
  const lateAtMs = Date.now() + (options.lockLimitMs ?? Infinity);
  let restartsBefore: number | null | undefined;
  let location: GatewayLocation | undefined;
  while (Date.now() < deadline) {
    const status = await watchGateway(
      paths,
      (now) => {
        location = now;
        return now.kind === 'answers' ? classifyStatus(now.status, manager.marker, options.previousInstanceId) : undefined;
      },
      ASK_MANAGER_MS,
    );
    if (status?.ready === true) return status;
    if (status !== undefined) throw notServing(status);
    const state = await manager.state();
    if (restartsBefore === undefined) restartsBefore = state.restarts;
    const restarts = (state.restarts ?? 0) - (restartsBefore ?? 0);
    const reason = hopeless({ state, location, restarts, isLate: isAbsent(location) && Date.now() > lateAtMs }, manager.marker);
    if (reason !== undefined) throw await startFailed(manager, state, reason);
  }
  throw new GatewayError('STILL_STARTING', {
    message: `the service is not ready after ${LIMIT_MS / 1000} s`,
    hint: 'Check again with: xopc gateway service-status',
  });
}

/** @returns why no service can be installed or started here */
export async function findServiceObstacle(paths: GatewayPaths): Promise<string | undefined> {
  try {
    await chooseManager(paths).assertAvailable();
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error.message;
    throw error;
  }
}

/** Whether the manager of the installed service runs this process. False if the manager cannot be queried. */
export async function isServiceProcess(paths: GatewayPaths, pid: number): Promise<boolean> {
  if (recordOf(paths) === undefined) return false;
  try {
    return (await chooseManager(paths).state()).pid === pid;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/** @throws NOT_FOUND when one of the service's files is missing */
function refuseMissing(plan: ServicePlan, paths: readonly string[]): void {
  const missing = paths.find((path) => !existsSync(path));
  if (missing === undefined) return;
  throw new GatewayError('NOT_FOUND', {
    message: `${missing} is missing; the service cannot be started`,
    hint: `Install the service again: ${reinstallCommand(plan)}`,
  });
}

/**
 * Starts the installed service and waits until it serves. A registration that was lost (system upgrade, moved home directory) is
 * made again. Earlier failures are forgotten, also by the launcher.
 * @param previousInstanceId  of a gateway that does not count
 * @throws NOT_FOUND when none is installed, or its files are gone; UNAVAILABLE; what {@link awaitService} throws
 */
export async function startService(
  paths: GatewayPaths,
  previousInstanceId?: string,
  manager = chooseManager(paths),
): Promise<StatusDocument> {
  const record = recordOf(paths);
  if (record === undefined) throw notInstalled();
  await manager.assertAvailable();
  const { socket, launcherPath } = record.plan;
  const options = { isSocketActivated: socket !== null };
  rmSync(join(dirname(launcherPath), 'starts'), { force: true });
  const { isRegistered, isEnabled } = await manager.state();
  const isKnown = isRegistered && isEnabled;
  const registration = isKnown ? [] : manager.files(record.plan).map(({ path }) => path);
  refuseMissing(record.plan, [...registration, launcherPath]);
  await (isKnown ? manager.start(options) : manager.activate(options));
  return awaitService(paths, manager, { previousInstanceId, lockLimitMs: LOCK_LIMIT_MS });
}

/** How long a service manager that did not get its service from `install` may leave the gateway stopped. */
const UNKNOWN_MANAGER_MS = 15_000;

/**
 * Waits for the gateway that the service manager starts in place of `oldInstanceId`. For our own service systemd is queried too,
 * and the wait ends when systemd has given up. (What launchd reports between two starts is unknown.)
 * @throws the errors of {@link waitForNewInstance}; the service's last message when its manager has given up
 */
export async function awaitServiceManager(
  paths: GatewayPaths,
  oldInstanceId: string,
  absentLimitMs = UNKNOWN_MANAGER_MS,
): Promise<StatusDocument> {
  const record = recordOf(paths);
  if (record?.plan.marker === 'systemd') return awaitService(paths, chooseManager(paths), { previousInstanceId: oldInstanceId });
  if (record !== undefined) return waitForNewInstance(paths, { oldInstanceId });
  try {
    return await waitForNewInstance(paths, { oldInstanceId, absentLimitMs });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'NOT_RUNNING') throw error;
    throw new GatewayError('NOT_RUNNING', {
      message: `no service manager has started the gateway again within ${absentLimitMs / 1000} s; it exited because XOPC_SERVICE_MARKER is set`,
      hint: 'Start it with: xopc gateway start   Set XOPC_SERVICE_MARKER only where a service manager restarts the gateway.',
      cause: error,
    });
  }
}
