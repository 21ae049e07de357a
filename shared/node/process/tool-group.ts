/**
 * Finds the processes that an MCP server leaves behind when only its leader ends with the gateway. A process group id is reused
 * only after its last member has ended; the environment of a member proves that the group still belongs to the server. Linux only:
 * elsewhere the leader must still exist.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isAlive, parseProcStat } from './process-identity.js';
import { TOOL_SERVER_MARK } from './tool-mark.js';

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
export function isLeaderless(group: number): boolean {
  if (process.platform !== 'linux' || isAlive(group) || !exists(group)) return false;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isMarkedMember(name, group));
}
