/** Ends processes that are not our children: SIGTERM first, then SIGKILL. */
import type { KnownProcess } from '../../../shared/node/files/lock-record.js';
import { isGone, isSameProcess } from '../../../shared/node/process/process-identity.js';
import { sendSignal } from '../../../shared/node/process/send-signal.js';
import { poll } from '../poll.js';

/** Time between SIGTERM and SIGKILL. */
export const TERM_GRACE_MS = 700;
/** A killed process is gone within milliseconds, unless one of its threads waits for a busy disk. */
export const KILL_LIMIT_MS = 10_000;
/** There is no event for the exit of a process that is not our child. */
const LOOK_AGAIN_MS = 10;

/** Waits until none of the processes is left. @returns whether all exited within `limitMs` and before `signal` */
export async function waitUntilGone(processes: readonly KnownProcess[], limitMs: number, signal?: AbortSignal): Promise<boolean> {
  const look = (): boolean | undefined => (processes.every(isGone) ? true : signal?.aborted === true ? false : undefined);
  return (await poll(look, { limitMs, pause: LOOK_AGAIN_MS })) === true;
}

/**
 * Sends SIGTERM, waits {@link TERM_GRACE_MS}, then sends SIGKILL. Verifies each process by its start time before each signal.
 * @returns the processes still there: another user's, or unkillable ones
 */
export async function endProcesses(processes: readonly KnownProcess[]): Promise<KnownProcess[]> {
  for (const known of processes.filter(isSameProcess)) sendSignal(known.pid, 'SIGTERM');
  return (await waitUntilGone(processes, TERM_GRACE_MS)) ? [] : killProcesses(processes);
}

/** Sends SIGKILL, which also ends a stopped process. @returns the processes still there */
export async function killProcesses(processes: readonly KnownProcess[]): Promise<KnownProcess[]> {
  for (const known of processes.filter(isSameProcess)) sendSignal(known.pid, 'SIGKILL');
  await waitUntilGone(processes, KILL_LIMIT_MS);
  return processes.filter((known) => !isGone(known));
}
