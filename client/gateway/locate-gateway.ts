/**
 * Finds the gateway of a configuration: one request to the control socket; if that fails, the lock shows whether a gateway is starting,
 * hangs, or runs elsewhere.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { GatewayError } from '../../shared/errors.js';
import { copiedLockError } from '../../shared/node/files/gateway-locks.js';
import { isLeased, readLock, type LockRecord } from '../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { classifyProcess, isOfBoot } from '../../shared/node/process/process-identity.js';
import { isUntrusted } from '../ports/socket-owner.js';
import { callControl, hasLeft } from './control-client.js';

export type GatewayLocation =
  | { readonly kind: 'answers'; readonly status: StatusDocument; readonly controlPath: string }
  /** Alive according to its identity, or because its socket accepts without answering; `lock` if the lock names the process. */
  | { readonly kind: 'silent'; readonly lock: LockRecord | undefined; readonly error: GatewayError }
  /** Has the lock but no control socket yet. */
  | { readonly kind: 'starting'; readonly lock: LockRecord }
  /** On another machine or container that cannot be reached from here. */
  | { readonly kind: 'foreign'; readonly lock: LockRecord }
  /** `lock`: the lock left by a gateway that died. */
  | { readonly kind: 'absent'; readonly lock: LockRecord | undefined };

export type AnsweringGateway = Extract<GatewayLocation, { kind: 'answers' }>;

/** The control socket is created milliseconds after the lock; an older lock without a socket means that its gateway hangs. */
const STARTING_LIMIT_MS = 10_000;

function isYoung(lock: LockRecord, nowMs: number): boolean {
  return Math.abs(nowMs - Date.parse(lock.createdAt)) < STARTING_LIMIT_MS;
}

/** A supervisor that hands over, exits or is being killed closes its connections, so try again. */
const REPEAT = { times: 10, pauseMs: 50 } as const;

/** Calls `ask` again when a supervisor has exited without an answer. @throws as {@link callControl} */
export async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let time = 1; ; time += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!hasLeft(error) || time === REPEAT.times) throw error;
      await pause(REPEAT.pauseMs);
    }
  }
}

/**
 * A holder whose pid cannot be checked and whose socket does not answer. A container of this kernel would have
 * answered on the shared socket; another machine renews its lock every 30 s.
 */
function isForeignAlive(lock: LockRecord, lockPath: string): boolean {
  return !isOfBoot(lock) && isLeased(lockPath, Date.now());
}

function classifyUnanswered(lock: LockRecord | undefined, error: GatewayError, lockPath: string): GatewayLocation {
  // No request was sent, so no command may kill it for not answering.
  if (isUntrusted(error)) return { kind: 'silent', lock: undefined, error };
  const hasNoSocket = error.code === 'NOT_RUNNING';
  const verdict = lock === undefined ? 'dead' : classifyProcess(lock);
  if (lock === undefined || verdict === 'dead') return hasNoSocket ? { kind: 'absent', lock } : { kind: 'silent', lock: undefined, error };
  if (!hasNoSocket) return { kind: 'silent', lock, error };
  if (verdict === 'foreign') return isForeignAlive(lock, lockPath) ? { kind: 'foreign', lock } : { kind: 'absent', lock };
  return isYoung(lock, Date.now()) ? { kind: 'starting', lock } : { kind: 'silent', lock, error };
}

/** @returns the gateway that answers, or the reason why none does */
async function ask(controlPath: string): Promise<AnsweringGateway | GatewayError> {
  try {
    return { kind: 'answers', status: await askAgain(() => callControl(controlPath, { type: 'status' })), controlPath };
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** Never throws a GatewayError; every finding is a result. Takes at most about 2.5 s. */
export async function locateGateway(paths: Pick<GatewayPaths, 'controlPath' | 'lockPath'>): Promise<GatewayLocation> {
  let answer = await ask(paths.controlPath);
  if (!(answer instanceof GatewayError)) return answer;
  const lock = readLock(paths.lockPath);
  // With another XDG_RUNTIME_DIR (cron, ssh, sudo), a relocated socket has a different path than expected.
  const isElsewhere = lock !== undefined && lock.controlPath !== '' && lock.controlPath !== paths.controlPath;
  if (isElsewhere && answer.code === 'NOT_RUNNING') answer = await ask(lock.controlPath);
  return answer instanceof GatewayError ? classifyUnanswered(lock, answer, paths.lockPath) : answer;
}

/**
 * Finds the gateway of a configuration, or one that uses its data under another path (one home mounted in two places).
 * @throws LOCK_HELD if this directory looks like a copy of one whose gateway runs
 */
export async function locateDataUser(paths: GatewayPaths): Promise<GatewayLocation> {
  const location = await locateGateway(paths);
  if (location.kind !== 'absent') return location;
  const user = await locateGateway({ ...paths, lockPath: paths.dataLockPath });
  const copied = user.kind === 'absent' ? undefined : copiedLockError(paths.dataLockPath);
  if (copied !== undefined) throw copied;
  return user;
}

function notRunning(lock: LockRecord | undefined): GatewayError {
  const left = lock === undefined ? '' : `; process ${lock.pid} died, and the next start cleans up after it`;
  return new GatewayError('NOT_RUNNING', { message: `the gateway is not running${left}`, hint: 'Start it with: xopc gateway start' });
}

function notAnswering(lock: LockRecord, error: GatewayError): GatewayError {
  return new GatewayError('CONTROL_UNREACHABLE', {
    message: `the gateway is not responding, pid ${lock.pid}`,
    details: { ...error.details, pid: lock.pid, port: lock.port, instanceId: lock.instanceId },
    hint: 'End it with: xopc gateway stop --force   Replace it with: xopc gateway restart --force',
    cause: error,
  });
}

function elsewhere(lock: LockRecord): GatewayError {
  return new GatewayError('CONTROL_UNREACHABLE', {
    message: `the gateway with pid ${lock.pid} belongs to another machine or container that shares ${lock.home}`,
    details: { pid: lock.pid, port: lock.port, home: lock.home },
    hint: 'Run the command there, or set XOPC_HOME to a separate home for this one.',
  });
}

/** Returns the error, for any result but `answers`, of a command that needs a running gateway. */
export function unavailableError(location: Exclude<GatewayLocation, { kind: 'answers' }>): GatewayError {
  switch (location.kind) {
    case 'absent':
      return notRunning(location.lock);
    case 'starting':
      return new GatewayError('STILL_STARTING', {
        message: `the gateway is still starting, pid ${location.lock.pid}`,
        details: { pid: location.lock.pid },
        hint: 'Check again with: xopc gateway status',
      });
    case 'foreign':
      return elsewhere(location.lock);
    case 'silent':
      return location.lock === undefined ? location.error : notAnswering(location.lock, location.error);
  }
}

/** @throws NOT_RUNNING, STILL_STARTING, CONTROL_UNREACHABLE or CONTROL_PROTOCOL */
export async function requireGateway(paths: GatewayPaths): Promise<AnsweringGateway> {
  const location = await locateGateway(paths);
  if (location.kind !== 'answers') throw unavailableError(location);
  return location;
}
