/** Finds out which process listens on the port of a start. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import { isSameProcess } from '../../shared/node/process/process-identity.js';
import { portTaken } from '../ports/free-port.js';
import { findPortOwners } from '../ports/port-owner.js';
import { type PortListener } from '../ports/port-listener.js';
import type { ListenSettings } from './gateway-settings.js';
import { requireValidConfig } from './start-config.js';
import { locateGateway } from './locate-gateway.js';
import { refuseRunning, type StartChecks, type TakenAddress } from './start-checks.js';

/** Returns the listeners without the children of a dead supervisor, which the next supervisor ends. */
function strangersOn({ host, port }: ListenSettings, dead: LockRecord | undefined): PortListener[] {
  const left = new Set((dead?.children ?? []).filter(isSameProcess).map((child) => child.pid));
  return findPortOwners(host, port).filter((owner) => owner.pid === null || !left.has(owner.pid));
}

/** How long the worker of a killed gateway may hold the port while it ends. */
const ENDING = { looks: 20, pauseMs: 50 } as const;

/**
 * Like {@link strangersOn}, but if a gateway has left its lock, readable or not, gives its processes time to exit.
 * @throws LOCK_HELD as soon as another start has won, because the port then belongs to that one
 */
export async function lastingStrangersOn(checks: StartChecks, { listen, dead }: TakenAddress): Promise<PortListener[]> {
  for (let look = 1; ; look += 1) {
    const strangers = strangersOn(listen, dead);
    if (strangers.length === 0) return strangers;
    refuseRunning(await locateGateway(checks.paths), checks.paths);
    if (!existsSync(checks.paths.lockPath) || look === ENDING.looks) return strangers;
    await pause(ENDING.pauseMs);
  }
}

/**
 * @throws PORT_TAKEN with the owners, if the system names any; CONFIG_INVALID if the file is invalid, so that its port is unknown; LOCK_HELD as
 *   soon as another start has won
 */
export async function refuseTakenPort(checks: StartChecks, taken: TakenAddress): Promise<void> {
  const strangers = await lastingStrangersOn(checks, taken);
  if (strangers.length === 0) return;
  if (checks.rejected.length === 0) requireValidConfig(checks.paths);
  throw portTaken({ port: taken.listen.port, host: checks.givenHost, service: checks.service }, strangers, checks.paths);
}
