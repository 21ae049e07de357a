/** Stops a gateway that must move to another host on the same port: while it runs, its own socket blocks the new address. */
import { definedFields } from '../../../shared/fields.js';
import type { GatewayError } from '../../../shared/errors.js';
import { readLock, type LockRecord } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { portTaken } from '../../ports/free-port.js';
import { findPortOwners } from '../../ports/port-owner.js';
import { stopGateway } from '../../service/stop-gateway.js';
import { askToken } from '../gateway-settings.js';
import type { AnsweringGateway } from '../locate-gateway.js';
import { readFormerStart, type StartAgain } from '../start-again.js';
import { requireValidBeforeEnd } from '../start-config.js';

interface Move {
  readonly paths: GatewayPaths;
  /** The error that refused its succession, see `isHostFixed`. */
  readonly refusal: GatewayError;
  /** Drain time in milliseconds; undefined: the configured one. */
  readonly timeoutMs?: number | undefined;
  readonly note: (text: string) => Promise<void>;
}

/** Stops the gateway, with its drain time. @throws CONFIG_INVALID before anything is ended */
export async function stopToMove(
  gateway: AnsweringGateway,
  { paths, refusal, timeoutMs, note }: Move,
  environment?: Readonly<Record<string, string>>,
): Promise<void> {
  requireValidBeforeEnd(paths, environment);
  await note(`Stopping the gateway (pid ${gateway.status.pid}) to start it on the new host: ${refusal.message}`);
  await stopGateway(gateway, paths, timeoutMs);
}

/**
 * Stops the gateway like {@link stopToMove}. @returns how to start it again
 * @throws CONFIG_INVALID, or PORT_TAKEN where another program listens there, before anything is ended
 */
export async function stopToStartAgain(
  gateway: AnsweringGateway,
  move: Move,
): Promise<Pick<StartAgain, 'before' | 'former' | 'token' | 'isService'>> {
  const before = readLock(move.paths.lockPath);
  refuseOthers(before, move);
  const former = before === undefined ? undefined : readFormerStart(before);
  const own = await askToken(gateway);
  await stopToMove(gateway, move, former?.environment);
  // The lock names the host that the gateway leaves.
  const token = own?.source === 'env' ? own.token : undefined;
  return { before: before === undefined ? undefined : { ...before, host: '' }, former, ...definedFields({ token }), isService: false };
}

/** @throws PORT_TAKEN if another program listens on the new address */
function refuseOthers(lock: LockRecord | undefined, { paths, refusal }: Move): void {
  const { host, port } = refusal.details as { host: string; port: number };
  const own = new Set([lock?.pid, ...(lock?.children ?? []).map((child) => child.pid)]);
  const others = findPortOwners(host, port).filter(({ pid }) => pid === null || !own.has(pid));
  if (others.length > 0) throw portTaken({ port }, others, paths);
}
