/** The process groups of a worker's MCP servers: they are killed with the worker, or found in the lock by a later start. */
import type { LockedChild } from '../../../shared/node/files/lock-record.js';
import { isAlive, isSameProcess, readStartTime } from '../../../shared/node/process/process-identity.js';
import { killGroup, sendSignal } from '../../../shared/node/process/send-signal.js';

const MAX_GROUPS = 200;

const isPid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 1;

export class ProcessGroups {
  #leaders: readonly LockedChild[] = [];

  /** @param pids  of the running leaders; the worker may be from a newer build */
  note(pids: unknown): void {
    if (!Array.isArray(pids)) return;
    const known = new Map(this.#leaders.map((leader) => [leader.pid, leader]));
    this.#leaders = pids
      .filter(isPid)
      .slice(0, MAX_GROUPS)
      .map((pid) => known.get(pid) ?? { role: 'tool', pid, startTime: readStartTime(pid) ?? null });
  }

  locked(): readonly LockedChild[] {
    return this.#leaders;
  }

  /** Kills all groups, including those whose leader has just exited. Harmless when nothing is left. */
  kill(): void {
    for (const leader of this.#leaders) {
      if (isSameProcess(leader)) killGroup(leader.pid);
      // The pid now belongs to another process: that group is not ours, and ours is gone.
      else if (!isAlive(leader.pid)) sendSignal(-leader.pid, 'SIGKILL');
    }
    this.#leaders = [];
  }
}
