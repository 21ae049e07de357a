/** The predecessor as a process. It is our parent, so no event reports its exit. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { isSameProcess, readStartTime } from '../../../shared/node/process/process-identity.js';

const HASTENED_LIMIT_MS = 1_500;
const LOOK_MS = 20;

export interface ParentProcess {
  isAlive(): boolean;
  /** Sends SIGTERM, which shortens its drain. */
  hasten(): void;
  /** Sends SIGKILL, which also ends a stopped process (SIGSTOP); does nothing after it has exited. */
  kill(): void;
}

export function ownParent(): ParentProcess {
  const pid = process.ppid;
  // On Windows the check would have to start a process, and nothing there waits for the predecessor.
  const startTime = process.platform === 'win32' ? undefined : readStartTime(pid);
  const isAlive = (): boolean => startTime !== undefined && isSameProcess({ pid, startTime });
  return {
    isAlive,
    hasten() {
      if (isAlive()) process.kill(pid, 'SIGTERM');
    },
    kill() {
      // Once it has died this process has another parent, and the pid may be reused.
      if (process.ppid === pid && pid > 1) process.kill(pid, 'SIGKILL');
    },
  };
}

/**
 * Waits for the exit of a parent that may still finish requests on our port. After `timeoutMs`, shortens its drain and waits
 * another {@link HASTENED_LIMIT_MS}.
 */
export async function awaitExit(parent: ParentProcess, clock: Clock, timeoutMs: number): Promise<void> {
  const exits = async (limitMs: number): Promise<boolean> => {
    const deadlineMs = clock.now() + limitMs;
    while (parent.isAlive()) {
      if (clock.now() >= deadlineMs) return false;
      await delay(LOOK_MS); // the exit of a process that is not our child emits no event
    }
    return true;
  };
  if (await exits(timeoutMs)) return;
  parent.hasten();
  await exits(HASTENED_LIMIT_MS);
}
