/** Asks a gateway to stop, and waits until it has ended or no longer answers. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ControlProgress, StopResult } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import type { KnownProcess, LockRecord } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import { callControl, hasLeft, stopDeadlines } from '../control-client.js';
import { type AnsweringGateway, type GatewayLocation, locateGateway, unavailableError } from '../locate-gateway.js';
import { waitUntilGone } from './end-process.js';

/** How often a long stop checks that the gateway still answers. */
const LOOK_AGAIN_MS = 2_000;
/**
 * Time to close files and exit, added to the drain time, because a supervisor that has just taken over waits for its predecessor to
 * drain.
 */
const LEAVE_LIMIT_MS = 15_000;

interface StopOptions {
  readonly paths: GatewayPaths;
  /** Drain time in milliseconds; undefined: the configured one. */
  readonly timeoutMs?: number | undefined;
  readonly force?: boolean;
  readonly onProgress?: (progress: ControlProgress) => void;
  /** Stops waiting. */
  readonly signal?: AbortSignal | undefined;
}

type StopOutcome =
  /** It has ended. Without a result it left before its answer arrived, possibly because it handed over to `heir`, which runs now. */
  { readonly kind: 'left'; readonly result: StopResult | undefined; readonly heir: AnsweringGateway | undefined } | Silent;

/** A gateway that no longer answers. */
type Silent = Extract<GatewayLocation, { kind: 'silent' }> & { readonly lock: LockRecord };

/** @throws CONTROL_UNREACHABLE when the process does not end; the error of the supervisor; the signal's reason */
export async function requestStop({ controlPath, status }: AnsweringGateway, options: StopOptions): Promise<StopOutcome> {
  const { paths, signal } = options;
  const supervisor = { pid: status.pid, startTime: readStartTime(status.pid) ?? null };
  const answer = await answerOf(controlPath, options);
  if (answer !== undefined && 'kind' in answer) return answer;
  await awaitLeave(supervisor, options);
  const now = answer === undefined ? await locateGateway(paths) : undefined;
  signal?.throwIfAborted();
  const heir = now?.kind === 'answers' && now.status.instanceId !== status.instanceId ? now : undefined;
  return { kind: 'left', result: answer, heir };
}

/**
 * Waits for the exit of a supervisor that has answered a stop request.
 * @throws CONTROL_UNREACHABLE when the process does not end; the signal's reason
 */
export async function awaitLeave(supervisor: KnownProcess, { paths, timeoutMs, signal }: StopOptions): Promise<void> {
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

/** @returns undefined when the supervisor exited before its answer arrived, since only its exit matters */
async function answerOf(
  controlPath: string,
  { paths, timeoutMs, force, onProgress, signal }: StopOptions,
): Promise<StopResult | Silent | undefined> {
  const answered = new AbortController();
  const call = { type: 'stop', ...definedFields({ timeoutMs, force: force || undefined }) } as const;
  try {
    const waiting = { deadlines: stopDeadlines(timeoutMs), ...definedFields({ onProgress, signal }) };
    return await Promise.race([callControl(controlPath, call, waiting), untilSilent(paths, answered.signal)]);
  } catch (error) {
    // It answered a moment ago; now that its socket is gone, it is about to exit.
    if (hasLeft(error) || (error instanceof GatewayError && error.code === 'NOT_RUNNING')) return undefined;
    throw error;
  } finally {
    answered.abort();
  }
}

/** Resolves when the gateway stops answering during the drain (SIGSTOP), which may take ten minutes. @throws CONTROL_UNREACHABLE */
async function untilSilent(paths: GatewayPaths, answered: AbortSignal): Promise<Silent> {
  while (!answered.aborted) {
    await pause(LOOK_AGAIN_MS, undefined, { ref: false });
    const location = answered.aborted ? undefined : await locateGateway(paths);
    if (location?.kind !== 'silent' || answered.aborted) continue;
    if (location.lock === undefined) throw unavailableError(location);
    return { ...location, lock: location.lock };
  }
  return new Promise<never>(() => undefined);
}
