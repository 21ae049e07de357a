/** Ends a gateway that does not answer: only processes that its lock names and that their start times prove. */
import { GatewayError } from '../../shared/errors.js';
import { isLockRecord, readLock, type LockRecord } from '../../shared/node/files/lock-record.js';
import { isSameProcess, classifyProcess } from '../../shared/node/process/process-identity.js';
import { endProcesses, killGroups, waitUntilGone, type KnownProcess } from './end-process.js';

/** A worker ends with its supervisor within milliseconds; one that cannot is killed after this. */
const CHILDREN_GRACE_MS = 300;

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
    hint: 'It belongs to another user, or hangs in the kernel. End it as root.',
  });
}

/** The children that the lock names now; a dying supervisor may have written it once more. */
function childrenOf(lock: LockRecord, lockPath: string): readonly KnownProcess[] {
  const now = readLock(lockPath);
  const current = isLockRecord(now) && now.instanceId === lock.instanceId ? now : lock;
  return current.children.filter((child) => child.startTime !== null);
}

/**
 * SIGTERM, 700 ms, SIGCONT + SIGKILL for the supervisor; then its children and what they started.
 * @throws CONTROL_UNREACHABLE when the process cannot be verified as the lock's holder, or does not end
 */
export async function killGateway(lock: LockRecord, lockPath: string): Promise<void> {
  if (lock.startTime === null || classifyProcess(lock) !== 'alive') throw unprovable(lock);
  const left = await endProcesses([lock]);
  if (left.length > 0) throw stillThere(left);
  const children = childrenOf(lock, lockPath);
  if (await waitUntilGone(children, CHILDREN_GRACE_MS)) return;
  const leftChildren = await killGroups(children.filter(isSameProcess));
  if (leftChildren.length > 0) throw stillThere(leftChildren);
}
