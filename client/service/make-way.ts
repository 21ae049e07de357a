/** A gateway that runs by hand gives way to the service, and a stranger on the port is named before anything is written. */
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { readStartTime } from '../../shared/node/process/process-identity.js';
import { callControl } from '../gateway/control-client.js';
import { waitUntilGone } from '../gateway/end-process.js';
import { portTaken } from '../ports/free-port.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import { locateGateway, type GatewayLocation, unavailableError } from '../gateway/locate-gateway.js';
import { findPortOwners } from '../ports/port-owner.js';

/** A drain of ten minutes, and then some. */
const STOP_LIMIT_MS = 640_000;

type Answering = Extract<GatewayLocation, { kind: 'answers' }>;

/** Returns what runs for this configuration. @throws CONTROL_UNREACHABLE or STILL_STARTING when that is not known */
export async function findRunning(paths: GatewayPaths): Promise<Answering | undefined> {
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
export async function stopGateway({ controlPath, status }: Answering): Promise<void> {
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
