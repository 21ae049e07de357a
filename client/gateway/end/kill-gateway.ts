/** Kills a gateway that does not answer: only processes named by its lock and verified by their start times. */
import { GatewayError } from '../../../shared/errors.js';
import { type KnownProcess, readLock, type LockRecord } from '../../../shared/node/files/lock-record.js';
import { classifyProcess } from '../../../shared/node/process/process-identity.js';
import { sendSignal } from '../../../shared/node/process/send-signal.js';
import { sweepChildren } from '../../../shared/node/process/sweep-children.js';
import { KILL_LIMIT_MS, killProcesses, waitUntilGone } from './end-process.js';

function unprovable(lock: LockRecord): GatewayError {
  return new GatewayError('CONTROL_UNREACHABLE', {
    message: `process ${lock.pid} cannot be verified as the gateway and was not touched`,
    details: { pid: lock.pid },
    hint: `Inspect it with: ps -fp ${lock.pid}`,
  });
}

function stillThere(left: readonly KnownProcess[]): GatewayError {
  return new GatewayError('CONTROL_UNREACHABLE', {
    message: `process ${left.map(({ pid }) => pid).join(', ')} could not be ended`,
    details: { pids: left.map(({ pid }) => pid) },
    hint: 'It belongs to another user, or hangs in the kernel. Kill it as root.',
  });
}

/** Whether the process named by a lock is alive and certainly wrote the lock. */
export function isProven(lock: LockRecord): boolean {
  return lock.startTime !== null && classifyProcess(lock) === 'alive';
}

/** @throws CONTROL_UNREACHABLE when the lock's holder may be alive and cannot be verified; one that has died needs no proof */
export function requireProven(lock: LockRecord): void {
  const verdict = classifyProcess(lock);
  if (verdict === 'dead' || (verdict === 'alive' && lock.startTime !== null)) return;
  throw unprovable(lock);
}

/** Returns the lock of a configuration if it names a process that is certainly the gateway. */
export function readProvenLock(lockPath: string): LockRecord | undefined {
  const lock = readLock(lockPath);
  return lock !== undefined && isProven(lock) ? lock : undefined;
}

/**
 * Sends SIGKILL to the supervisor, then to its children and what they started.
 * @param options.termMs  time between a SIGTERM and the SIGKILL; default: no SIGTERM is sent
 * @throws CONTROL_UNREACHABLE when the process cannot be verified as the lock's holder, or does not end
 */
export async function killGateway(lock: LockRecord, lockPath: string, { termMs = 0 }: { termMs?: number } = {}): Promise<void> {
  requireProven(lock);
  if (termMs > 0) {
    if (isProven(lock)) sendSignal(lock.pid, 'SIGTERM');
    await waitUntilGone([lock], termMs);
  }
  const left = await killProcesses([lock]);
  if (left.length > 0) throw stillThere(left);
  // A dying supervisor may have written its lock once more.
  const now = readLock(lockPath);
  const leftChildren = await sweepChildren(now?.instanceId === lock.instanceId ? now : lock, KILL_LIMIT_MS);
  if (leftChildren.length > 0) throw stillThere(leftChildren);
}
