/** The predecessor as a process: our parent, which no exit event reports. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { isSameProcess, readStartTime } from '../../../shared/node/process/process-identity.js';

const HASTENED_LIMIT_MS = 1_500;
const LOOK_MS = 20;

export interface ParentProcess {
  isAlive(): boolean;
  /** Sends SIGTERM, which shortens its drain. */
  hasten(): void;
  /** Sends SIGKILL, which also ends a stopped process (SIGSTOP); does nothing when it is gone. */
  kill(): void;
}

export function ownParent(): ParentProcess {
  const pid = process.ppid;
  // On Windows asking would start a process; nothing waits for it there.
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
 * Waits for the exit of a parent that may still finish requests on our port. After `timeoutMs` its drain is shortened, and it is
 * waited for {@link HASTENED_LIMIT_MS} more.
 */
export async function awaitExit(parent: ParentProcess, clock: Clock, timeoutMs: number): Promise<void> {
  const exits = async (limitMs: number): Promise<boolean> => {
    const deadlineMs = clock.now() + limitMs;
    while (parent.isAlive()) {
      if (clock.now() >= deadlineMs) return false;
      await delay(LOOK_MS); // an exit of a process that is not our child makes no event
    }
    return true;
  };
  if (await exits(timeoutMs)) return;
  parent.hasten();
  await exits(HASTENED_LIMIT_MS);
}
