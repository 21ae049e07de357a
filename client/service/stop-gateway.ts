/** Stops a gateway: a manually started one before the service starts, or the service's own until it is started again. */
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { requestStop } from '../gateway/end/request-stop.js';
import { rouseGateway } from '../gateway/end/rouse-gateway.js';
import { portTaken } from '../ports/free-port.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import { locateGateway, type AnsweringGateway, unavailableError } from '../gateway/locate-gateway.js';
import { findPortOwners } from '../ports/port-owner.js';
import { chooseManager } from './manager/choose-manager.js';
import type { ServiceManager } from './manager/service-manager.js';

/** Returns the status of the gateway of this configuration. @throws CONTROL_UNREACHABLE or STILL_STARTING when the status is unknown */
export async function findRunning(paths: GatewayPaths): Promise<AnsweringGateway | undefined> {
  const location = await locateGateway(paths);
  if (location.kind === 'absent') return undefined;
  if (location.kind !== 'answers') throw unavailableError(location);
  return location;
}

/** @throws PORT_TAKEN when another program listens on the service's port */
export function assertPortFree({ host, port }: ListenSettings, paths: GatewayPaths): void {
  const owners = findPortOwners(host, port);
  if (owners.length > 0) throw portTaken({ port }, owners, paths);
}

/**
 * Stops a gateway gracefully, and a successor that it hands over to, and waits for its process to end.
 * @param timeoutMs  drain time; default: the configured one
 * @throws CONTROL_UNREACHABLE when the process does not end, or answers no more within the drain time and one second
 */
export async function stopGateway(gateway: AnsweringGateway, paths: GatewayPaths, timeoutMs?: number): Promise<void> {
  const outcome = await requestStop(gateway, { paths, timeoutMs });
  if (outcome.kind === 'left') {
    if (outcome.heir !== undefined) await stopGateway(outcome.heir, paths, timeoutMs);
    return;
  }
  const roused = await rouseGateway(outcome.lock, { paths, signals: ['SIGCONT'], timeoutMs });
  if (roused === 'silent') throw unavailableError(outcome);
  const running = roused === 'answers' ? await findRunning(paths) : undefined;
  if (running !== undefined) await stopGateway(running, paths, timeoutMs);
}

interface StopAround {
  readonly paths: GatewayPaths;
  readonly note: (text: string) => Promise<void>;
  /**
   * Stops the gateway; calls `suspend` once it is certain that it is to be ended. @returns the command's exit code; 0 means that the
   * gateway has stopped
   */
  readonly stop: (suspend: () => Promise<void>) => Promise<number>;
}

/**
 * Runs a step of the manager. A failure is only a warning: the gateway can be stopped without its manager, although the manager may start
 * it again.
 */
async function tryStep(manager: ServiceManager, step: 'suspend' | 'confirmStopped', note: StopAround['note']): Promise<void> {
  try {
    await manager[step]();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await note(`${manager.title} could not be told not to restart the gateway: ${error.message}`);
  }
}

/**
 * Stops the gateway of a configuration that is installed as a service: socket activation is disabled before the supervisor is asked to
 * stop (systemd cannot start the socket again while the service runs), and then a pending restart of the manager is cancelled.
 */
export async function stayStopped({ paths, note, stop }: StopAround): Promise<number> {
  const manager = chooseManager(paths);
  const exitCode = await stop(() => tryStep(manager, 'suspend', note));
  if (exitCode === 0) await tryStep(manager, 'confirmStopped', note);
  return exitCode;
}
