/** Waits for the exit of a supervisor that has answered a stop request. */
import { GatewayError } from '../../../shared/errors.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import type { KnownProcess } from '../../../shared/node/files/lock-record.js';
import { waitUntilGone } from './end-process.js';

/**
 * Time to close files and exit, added to the drain time, because a supervisor that has just taken over waits for its predecessor to
 * drain.
 */
const LEAVE_LIMIT_MS = 15_000;

interface Leaving {
  readonly paths: GatewayPaths;
  /** Drain time in milliseconds; undefined: the configured one. */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws CONTROL_UNREACHABLE when the process does not end; the signal's reason */
export async function awaitLeave(supervisor: KnownProcess, { paths, timeoutMs, signal }: Leaving): Promise<void> {
  signal?.throwIfAborted();
  const { readDrainTimeoutMs } = await import('../gateway-settings.js');
  if (await waitUntilGone([supervisor], (timeoutMs ?? readDrainTimeoutMs(paths)) + LEAVE_LIMIT_MS, signal)) return;
  signal?.throwIfAborted();
  throw new GatewayError('CONTROL_UNREACHABLE', {
    message: `the gateway has stopped serving, but its process ${supervisor.pid} is still there`,
    details: { pid: supervisor.pid },
    hint: 'End it with: xopc gateway stop --force',
  });
}
