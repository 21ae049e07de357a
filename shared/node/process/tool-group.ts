/**
 * What an MCP server leaves when only its leader ends with the gateway. The number of a group is given out again only after its last member has ended;
 * that it is still that of the server, the environment of a member proves. On Linux alone: elsewhere a leader has to be there.
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
    return false; // has ended meanwhile, or is another user's
  }
}

/** Whether the leader of a group has ended, and others of an MCP server are left in it. */
export function isLeaderless(group: number): boolean {
  if (process.platform !== 'linux' || isAlive(group) || !exists(group)) return false;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isMarkedMember(name, group));
}
