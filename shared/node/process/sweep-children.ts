/**
 * Ends what a dead supervisor left behind. An MCP server may leave processes when only its leader ends with the gateway: a process group
 * id is reused only after its last member has ended, and the environment of a member proves that the group still belongs to the server.
 * Linux only: elsewhere the leader must still exist.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { KnownProcess, LockRecord } from '../files/lock-record.js';
import { bootId, isAlive, isGone, isSameProcess, parseProcStat } from './process-identity.js';
import { killGroup, sendSignal } from './send-signal.js';
import { TOOL_SERVER_MARK } from './env.js';

const LIMIT_MS = 2_000;
const STEP_MS = 10;

function exists(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isMarkedMember(pid: string, group: number): boolean {
  try {
    if (parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.group !== group) return false;
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${TOOL_SERVER_MARK.name}=${TOOL_SERVER_MARK.value}`);
  } catch {
    return false; // has exited in the meantime, or belongs to another user
  }
}

/** Whether the leader of a group has exited but other processes of an MCP server are left in it. */
function isLeaderless(group: number): boolean {
  if (process.platform !== 'linux' || isAlive(group) || !exists(group)) return false;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isMarkedMember(name, group));
}

/**
 * Ends the children that a dead supervisor left behind (a stopped child cannot end itself) with everything that they started, and waits
 * until they and the supervisor have released their port. Groups without a leader are ended, too, but not waited for: they have no port.
 * After a reboot nothing is left, and pids and start times may be those of others.
 * @returns the processes that are still there after `limitMs`: another user's, or unkillable ones
 */
export async function sweepChildren(record: LockRecord, limitMs = LIMIT_MS): Promise<KnownProcess[]> {
  if (record.bootId !== bootId()) return [];
  const all = [record, ...record.children].filter(({ startTime }) => startTime !== null);
  const deadline = Date.now() + limitMs;
  let left: KnownProcess[] = all;
  for (;;) {
    for (const child of record.children) if (child.startTime !== null && isSameProcess(child)) killGroup(child.pid);
    left = all.filter((known) => !isGone(known));
    if (left.length === 0 || Date.now() >= deadline) break;
    await delay(STEP_MS); // the exit of a process that is not our child emits no event
  }
  // Last, since a leader may have exited just before it would have been killed with its group.
  for (const { role, pid } of record.children) if (role === 'tool' && isLeaderless(pid)) sendSignal(-pid, 'SIGKILL');
  return left;
}
