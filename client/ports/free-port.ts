/** Frees a port for `--force`: ends the listening process with SIGTERM and then SIGKILL, unless that would do harm. */
import { GatewayError } from '../../shared/errors.js';
import { listGatewayLocks } from '../../shared/node/files/gateway-locks.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { isSameProcess, readParentPid } from '../../shared/node/process/process-identity.js';
import { endProcesses } from '../gateway/end/end-process.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import { poll } from '../gateway/poll.js';
import { findPortOwners } from './port-owner.js';
import { describeListener, type PortListener } from './port-listener.js';
import { otherPortCommand } from '../service/plan/reinstall-command.js';
import type { ServicePlan } from '../service/plan/service-plan.js';
import { pathWord } from '../../shared/node/path-word.js';
import { shellCommand } from '../../shared/text/shell-word.js';

/** A listening socket is free as soon as its last holder has exited. */
const FREE_LIMIT_MS = 2_000;
const LOOK_AGAIN_MS = 20;
/** Maximum depth: real process trees are not deeper, and reused pids might form a loop. */
const MAX_ANCESTORS = 256;

/** This process, its parent, and so on. */
export function selfAndAncestors(): ReadonlySet<number> {
  const pids = new Set<number>([process.pid, process.ppid]);
  let pid = readParentPid(process.ppid) ?? 0;
  while (pid > 0 && pids.size < MAX_ANCESTORS && !pids.has(pid)) {
    pids.add(pid);
    pid = readParentPid(pid) ?? 0;
  }
  return pids;
}

/** systemd listens for socket units, and keeps the sockets of services that are replaced. Ending it would end all services. */
const isSystemd = ({ name }: PortListener): boolean => name === 'systemd';

/** Returns how to free a port that systemd holds. */
function unitHint(owners: readonly PortListener[]): string {
  const systemctl = owners.some(({ pid }) => pid === 1) ? 'systemctl' : 'systemctl --user';
  const service = owners.find((owner) => owner.pid !== null && !isSystemd(owner));
  const find = service === undefined ? `${systemctl} list-sockets` : `${systemctl} status ${service.pid}`;
  return `Find the unit with: ${find}   Stop it with: ${systemctl} stop UNIT   If it is this gateway's own, start it with: xopc gateway service-start`;
}

const END_IT = 'end that process yourself.';

/** Returns the option, or for a service the command, that chooses another port. */
const otherPort = (service: ServicePlan | undefined): string =>
  `Use another port with${service === undefined ? ' --port' : `: ${otherPortCommand(service)}`}`;

/** Returns how to choose another port or free this one; for a port of systemd, how to find the unit. @param free  how to free the port */
function moveOrFree(owners: readonly PortListener[], service: ServicePlan | undefined, free: string): string {
  return owners.some(isSystemd) ? unitHint(owners) : otherPort(service) + (service === undefined ? ', or ' : '   Or ') + free;
}

function refusal(
  listener: PortListener,
  reason: string,
  { port, owners, service }: Pick<TakenPort, 'port' | 'service'> & { owners: readonly PortListener[] },
): GatewayError {
  return new GatewayError('PORT_TAKEN', {
    message: `port ${port} is taken by ${describeListener(listener)}, which is not touched: ${reason}`,
    details: { port, owner: listener },
    hint: moveOrFree(owners, service, END_IT),
  });
}

/** Why a listener must not be ended, or undefined. */
export function reasonToSpare(
  listener: PortListener,
  own: { uid: number | undefined; ancestors: ReadonlySet<number> },
): string | undefined {
  if (listener.pid === null) return 'it belongs to another user';
  if (isSystemd(listener)) return 'it listens for one of its units';
  if (listener.pid === 1) return 'it is process 1, on which everything else depends';
  if (own.ancestors.has(listener.pid)) return 'this command runs inside it';
  if (own.uid !== undefined && listener.uid !== null && listener.uid !== own.uid) return 'it belongs to another user';
  return listener.startTime === null ? 'it cannot be distinguished from another process' : undefined;
}

/** Returns the gateway of this home that one of these processes belongs to. */
export function gatewayAmong(owners: readonly PortListener[], paths: Pick<GatewayPaths, 'lockDir'>): LockRecord | undefined {
  const pids = new Set(owners.map(({ pid }) => pid));
  const records = listGatewayLocks(paths).map(({ record }) => record);
  return records.find((record) => [record, ...record.children].some((process) => pids.has(process.pid) && isSameProcess(process)));
}

interface TakenPort {
  readonly port: number;
  /** If it differs from the configured one. */
  readonly host?: string | undefined;
  /** The service that is to be started on it. */
  readonly service?: ServicePlan | undefined;
}

/** Returns the command that frees a port and starts the gateway, or its service, on it. */
function takePort({ port, host, service }: TakenPort): string {
  if (service !== undefined) return 'xopc gateway start --force';
  return shellCommand`xopc gateway --force --port ${port}` + (host === undefined ? '' : shellCommand` --host ${host}`);
}

/** Returns why a start with --force does not end the listeners; undefined if it ends them. */
function reasonToSpareAny(owners: readonly PortListener[]): string | undefined {
  const own = { uid: process.getuid?.(), ancestors: selfAndAncestors() };
  return owners.map((owner) => reasonToSpare(owner, own)).find((reason) => reason !== undefined);
}

/** Returns how to free a taken port or choose another one. Suggests only what {@link freePort} does not refuse. */
export function howToFree(taken: TakenPort, owners: readonly PortListener[], paths: Pick<GatewayPaths, 'lockDir'>): string {
  const another = `choose another port: ${otherPortCommand(taken.service)}`;
  const gateway = gatewayAmong(owners, paths);
  if (gateway !== undefined) return `Stop that gateway: xopc gateway stop --config ${pathWord(gateway.configPath)}   Or ${another}`;
  if (owners.some(isSystemd)) return unitHint(owners);
  const reason = reasonToSpareAny(owners);
  if (reason !== undefined) return `xopc does not end that process, because ${reason}. End it yourself, or ${another}`;
  return `Stop it, take the port over with ${takePort(taken)}, or ${another}`;
}

/** The error for a taken port; a gateway of this home is named by its configuration. */
export function portTaken(taken: TakenPort, owners: readonly PortListener[], paths: Pick<GatewayPaths, 'lockDir'>): GatewayError {
  const { port, service } = taken;
  const gateway = gatewayAmong(owners, paths);
  if (gateway !== undefined) {
    const { pid, configPath } = gateway;
    return new GatewayError('PORT_TAKEN', {
      message: `port ${port} is taken by the gateway that runs as ${configPath} (pid ${pid})`,
      details: { port, owners, configPath },
      hint: `${otherPort(service)}${service === undefined ? ' or gateway.port.' : ''}   See that one with: xopc gateway status --config ${pathWord(configPath)}`,
    });
  }
  const free = reasonToSpareAny(owners) === undefined ? `free this one with: ${takePort(taken)}` : END_IT;
  return new GatewayError('PORT_TAKEN', {
    message: `port ${port} is taken by ${owners.map(describeListener).join(' and ')}`,
    details: { port, owners },
    hint: moveOrFree(owners, service, free),
  });
}

/**
 * Ends the processes that listen on `host`:`port`: SIGTERM, 700 ms, SIGKILL, and returns when the port is free.
 * @param note  called with the name of each process before it is ended.
 * @throws PORT_TAKEN, without ending any process, for process 1, systemd, ourselves, an ancestor, another user's process; and when the
 *   port is taken again at once
 */
export async function freePort(
  { host, port, service }: ListenSettings & Pick<TakenPort, 'service'>,
  note: (text: string) => Promise<void>,
): Promise<void> {
  const owners = findPortOwners(host, port);
  if (owners.length === 0) return;
  const own = { uid: process.getuid?.(), ancestors: selfAndAncestors() };
  for (const owner of owners) {
    const reason = reasonToSpare(owner, own);
    if (reason !== undefined) throw refusal(owner, reason, { port, owners, service });
  }
  for (const owner of owners) await note(`Port ${port} is taken by ${describeListener(owner)}; ending it ...`);
  await endProcesses(owners.map(({ pid, startTime }) => ({ pid: pid ?? 0, startTime })));
  // There is no event for a socket closed by another process.
  const isFree = (): true | undefined => (findPortOwners(host, port).length === 0 ? true : undefined);
  if ((await poll(isFree, { limitMs: FREE_LIMIT_MS, pause: LOOK_AGAIN_MS })) === true) return;
  const remaining = findPortOwners(host, port);
  const [left] = remaining;
  if (left === undefined) return;
  const reason = owners.some(({ pid }) => pid === left.pid) ? 'it could not be ended' : 'something started it again';
  throw refusal(left, reason, { port, owners: remaining, service });
}
