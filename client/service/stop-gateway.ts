/** Stops a gateway: one that was started by hand makes way for the service, and the service's own stays stopped. */
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { readStartTime } from '../../shared/node/process/process-identity.js';
import { callControl } from '../gateway/control-client.js';
import { waitUntilGone } from '../gateway/end-process.js';
import { portTaken } from '../ports/free-port.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import { locateGateway, type AnsweringGateway, unavailableError } from '../gateway/locate-gateway.js';
import { findPortOwners } from '../ports/port-owner.js';
import { chooseManager } from './manager/choose-manager.js';
import type { ServiceManager } from './manager/service-manager.js';

/** A drain of ten minutes, and then some. */
const STOP_LIMIT_MS = 640_000;

/** Returns what runs for this configuration. @throws CONTROL_UNREACHABLE or STILL_STARTING when that is not known */
export async function findRunning(paths: GatewayPaths): Promise<AnsweringGateway | undefined> {
  const location = await locateGateway(paths);
  if (location.kind === 'absent') return undefined;
  if (location.kind !== 'answers') throw unavailableError(location);
  return location;
}

/** @throws PORT_TAKEN when another program listens where the service would */
export function assertPortFree({ host, port }: ListenSettings): void {
  const owners = findPortOwners(host, port);
  if (owners.length > 0) throw portTaken(port, owners);
}

/** Stops a gateway gracefully and waits for its process to end. @throws CONTROL_UNREACHABLE when it stays */
export async function stopGateway({ controlPath, status }: AnsweringGateway): Promise<void> {
  const supervisor = { pid: status.pid, startTime: readStartTime(status.pid) ?? null };
  await callControl(
    controlPath,
    { type: 'stop' },
    { deadlines: { connectMs: 1_000, firstFrameMs: STOP_LIMIT_MS, totalMs: STOP_LIMIT_MS } },
  );
  if (await waitUntilGone([supervisor], 5_000)) return;
  throw new GatewayError('CONTROL_UNREACHABLE', {
    message: `the gateway (pid ${status.pid}) has stopped serving and its process is still there`,
    hint: 'End it with: xopc gateway stop --force',
  });
}

interface StopAround {
  readonly paths: GatewayPaths;
  readonly note: (text: string) => Promise<void>;
  /** Stops the gateway. @returns the command's exit code: only after 0 it is known to have stopped */
  readonly stop: () => Promise<number>;
}

/** Takes a step of the manager. A failure is only noted: the gateway can be stopped without its manager, which may start it again. */
async function tryStep(manager: ServiceManager, step: 'suspend' | 'confirmStopped', note: StopAround['note']): Promise<void> {
  try {
    await manager[step]();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await note(`${manager.title} could not be instructed to leave it stopped: ${error.message}`);
  }
}

/**
 * Stops the gateway of a configuration that is installed as a service: nothing starts it for a connection meanwhile, and
 * a start that the manager was about to make is called off. The supervisor is asked first, by `stop` itself.
 */
export async function stayStopped({ paths, note, stop }: StopAround): Promise<number> {
  const manager = chooseManager(paths);
  await tryStep(manager, 'suspend', note);
  const exitCode = await stop();
  if (exitCode === 0) await tryStep(manager, 'confirmStopped', note);
  return exitCode;
}
