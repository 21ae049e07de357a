/** Stays with a gateway that runs in another process as if it ran in this one: until it has ended, through successions. */
import { once } from 'node:events';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { GatewayError } from '../../shared/errors.js';
import { definedFields } from '../../shared/fields.js';
import { readLock, type LockRecord } from '../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { classifyProcess } from '../../shared/node/process/process-identity.js';
import { sendSignal } from '../../shared/node/process/send-signal.js';
import { callControl, hasLeft, stopDeadlines } from './control-client.js';
import { isProven } from './end/kill-gateway.js';
import { poll } from './poll.js';

/** How often the lock is read. */
const LOOK_MS = 200;
/** A predecessor whose successor has died has taken the lock back by then, unless the machine is very busy. */
const TAKE_BACK_MS = 2_000;

interface Attachment {
  readonly paths: GatewayPaths;
  /** Calls `listener` for each Ctrl-C, SIGTERM and closed terminal until this process exits, so that a late signal does not kill it. */
  readonly onSignal: (listener: () => void) => void;
  readonly note: (text: string) => Promise<void>;
  /** Says that the gateway runs, and how to end it: signals and its death are noticed by then. */
  readonly announce: () => Promise<void>;
  /** Set for a service: waits for the gateway that the service manager starts next. @throws when it starts none */
  readonly awaitNext: ((previousInstanceId: string) => Promise<StatusDocument>) | undefined;
}

type End = 'released' | 'died' | 'detached';

/** The holder of the lock; undefined when there is none, `dead` when it has died. */
function readHolder(lockPath: string): LockRecord | 'dead' | undefined {
  const lock = readLock(lockPath);
  if (lock === undefined) return undefined;
  return classifyProcess(lock) === 'dead' ? 'dead' : lock;
}

/**
 * Waits until the gateway of a configuration has ended. A signal stops it, a second one shortens its drain; if a service runs the
 * gateway, it only ends the wait.
 * @returns the exit code of a gateway in the foreground: 0 after a regular stop @throws UNAVAILABLE when it has died
 */
export async function attachGateway(attachment: Attachment): Promise<number> {
  const { paths, awaitNext, note } = attachment;
  let holder: LockRecord | undefined;
  const detachment = new AbortController();
  let stops = 0;
  attachment.onSignal(() => {
    if (awaitNext !== undefined) return detachment.abort();
    if (process.platform !== 'win32') {
      if (holder !== undefined && isProven(holder)) sendSignal(holder.pid, 'SIGTERM');
      return;
    }
    // A signal ends a process at once there.
    stops += 1;
    askToStop(holder?.controlPath || paths.controlPath, stops > 1 ? 0 : undefined).catch((error: unknown) => {
      if (!hasLeft(error) && look() === undefined) void note('The gateway does not answer. End it with: xopc gateway stop --force');
    });
  });
  const look = (): End | undefined => {
    if (detachment.signal.aborted) return 'detached';
    const now = readHolder(paths.lockPath);
    if (now === undefined) return 'released';
    if (now === 'dead') return 'died';
    holder = now;
    return undefined;
  };
  const detached = once(detachment.signal, 'abort');
  look();
  await attachment.announce();
  for (;;) {
    const end = await awaitEnd(look);
    if (end === 'detached') {
      await note(`Detached; the gateway continues as a service. Stop it with: xopc gateway stop`);
      return 0;
    }
    if (awaitNext !== undefined && holder !== undefined) {
      if (await Promise.race([isFollowed(awaitNext, holder.instanceId), detached])) continue;
    }
    if (end === 'released') return 0;
    throw died(holder);
  }
}

/** @param timeoutMs  drain time in milliseconds; default: the configured one */
async function askToStop(controlPath: string, timeoutMs: number | undefined): Promise<void> {
  await callControl(controlPath, { type: 'stop', ...definedFields({ timeoutMs }) }, { deadlines: stopDeadlines(timeoutMs) });
}

/** Between the death of a successor and the return of its predecessor, the lock names a dead process. */
async function awaitEnd(look: () => End | undefined): Promise<End> {
  for (;;) {
    const end = await poll(look, { limitMs: Infinity, pause: LOOK_MS });
    if (end === undefined) continue;
    if (end !== 'died') return end;
    const isBack = await poll(() => (look() === 'died' ? undefined : true), { limitMs: TAKE_BACK_MS, pause: LOOK_MS });
    if (isBack === undefined) return 'died';
  }
}

async function isFollowed(awaitNext: NonNullable<Attachment['awaitNext']>, instanceId: string): Promise<boolean> {
  try {
    await awaitNext(instanceId);
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

function died(holder: LockRecord | undefined): GatewayError {
  return new GatewayError('UNAVAILABLE', {
    message: `the gateway${holder === undefined ? '' : ` (pid ${holder.pid})`} has died`,
    details: holder === undefined ? {} : { pid: holder.pid },
    hint: 'See why with: xopc gateway logs   Start it again with: xopc gateway',
  });
}
