/** Checks before a start: whether a gateway runs for this configuration, and whether something listens on its port. */
import { MAX_DRAIN_TIMEOUT_MS } from '../../shared/config/defaults.js';
import type { Problem } from '../../shared/errors.js';
import { alreadyRuns, listAliases } from '../../shared/node/files/gateway-locks.js';
import type { LockHolder } from '../../shared/node/files/lock.js';
import { type LockRecord, readLock } from '../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { isOlder, ownStartMs } from '../../shared/node/process/process-identity.js';
import type { ListenSettings } from './gateway-settings.js';
import { locateGateway, unavailableError, type GatewayLocation } from './locate-gateway.js';
import type { ServicePlan } from '../service/plan/service-plan.js';
import { isPortSilent } from '../ports/port-probe.js';
import { watchGateway } from './wait-ready.js';

export interface StartChecks {
  readonly paths: GatewayPaths;
  /** Address of the new gateway; evaluated only if no other gateway is in the way. */
  listen(): Promise<ListenSettings>;
  /** Problems of the edited configuration if the start, after a crash, uses the last good one instead. */
  readonly rejected: readonly Problem[];
  /** The host of `--host`. */
  readonly givenHost: string | undefined;
  /** The service that this command starts. */
  readonly service: ServicePlan | undefined;
  /** The service manager holds the port and passes it. */
  readonly isSocketPassed: boolean;
  note(text: string): Promise<void>;
}

const STOPPING_LIMIT_MS = MAX_DRAIN_TIMEOUT_MS + 20_000;

/** Waits until a gateway that is stopping has left, or continues: after a restore, or because its successor has failed. */
export async function awaitStopping(checks: StartChecks, location: GatewayLocation): Promise<GatewayLocation> {
  if (location.kind !== 'answers' || location.status.desired === 'up') return location;
  await checks.note(`The gateway (pid ${location.status.pid}) is stopping; waiting for it ...`);
  const isStopping = (now: GatewayLocation): boolean =>
    now.kind === 'answers' && now.status.instanceId === location.status.instanceId && now.status.desired === 'down';
  return (await watchGateway(checks.paths, (now) => (isStopping(now) ? undefined : now), STOPPING_LIMIT_MS)) ?? location;
}

/** Maximum time between the start of a supervisor's process and the start time that it reports. */
const LOAD_LIMIT_MS = 10_000;

/** @throws LOCK_HELD for a gateway that was started after this command: another start has won */
export function refuseCompetitor(startedAt: string, holder: LockHolder, { lockPath }: Pick<GatewayPaths, 'lockPath'>): void {
  if (!(Date.parse(startedAt) >= ownStartMs())) return;
  // The clock may have been set back since it was started.
  const lock = readLock(lockPath);
  const isFormer = lock?.instanceId === holder.instanceId && isOlder(lock, LOAD_LIMIT_MS);
  if (!isFormer) throw alreadyRuns(holder, holder.configPath);
}

/** @throws LOCK_HELD or CONTROL_UNREACHABLE if there is a gateway */
export function refuseRunning(location: GatewayLocation, paths: GatewayPaths): void {
  const { configPath } = paths;
  if (location.kind === 'absent') return;
  if (location.kind === 'answers') throw alreadyRuns(location.status, configPath);
  if (location.kind === 'starting') throw alreadyRuns(location.lock, configPath);
  // Twenty starts at once keep a small machine so busy that the winner is slow to answer.
  if (location.kind === 'silent' && location.lock !== undefined) refuseCompetitor(location.lock.createdAt, location.lock, paths);
  throw unavailableError(location);
}

/** @throws LOCK_HELD when a gateway runs with the same file under another path @param action  what to do about it; default: replace it */
export async function refuseAlias(paths: GatewayPaths, action?: Parameters<typeof alreadyRuns>[2]): Promise<void> {
  for (const alias of listAliases(paths)) {
    if ((await locateGateway(alias)).kind !== 'absent') throw alreadyRuns(alias.record, paths.configPath, action);
  }
}

/** The address of a start on which something already listens. */
export interface TakenAddress {
  readonly listen: ListenSettings;
  /** Left by a dead gateway. */
  readonly dead: LockRecord | undefined;
}

/**
 * Checks for a start without --force.
 * @returns the address if something listens there
 * @throws LOCK_HELD when a gateway runs or starts; CONTROL_UNREACHABLE when one does not respond
 */
export async function checkStart(checks: StartChecks): Promise<TakenAddress | undefined> {
  const location = await awaitStopping(checks, await locateGateway(checks.paths));
  refuseRunning(location, checks.paths);
  await refuseAlias(checks.paths);
  if (checks.isSocketPassed || location.kind !== 'absent') return undefined;
  const listen = await checks.listen();
  return (await isPortSilent(listen.host, listen.port)) ? undefined : { listen, dead: location.lock };
}
