/** Waits for a change that another process makes to the gateway, watching the control socket's directory. */
import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { poll } from './poll.js';
import { locateGateway, unavailableError, type GatewayLocation } from './locate-gateway.js';

/** Poll interval after the socket has appeared, because no file indicates readiness. */
const ASK_AGAIN_MS = 100;
const DEFAULT_LIMIT_MS = 60_000;

function watchQuietly(directory: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, onChange);
    watcher.on('error', onChange);
    return watcher;
  } catch {
    // The directory does not exist yet, or no watches are left; polling covers both.
    return undefined;
  }
}

/** Resolves at a change in the directory, or after the poll interval. */
function nextLook(directory: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    };
    const timer = setTimeout(done, ASK_AGAIN_MS);
    const watcher = watchQuietly(directory, done);
  });
}

/**
 * Locates the gateway repeatedly until `check` returns a value. @returns that value, or undefined after `limitMs`
 */
export function watchGateway<T>(
  paths: GatewayPaths,
  check: (location: GatewayLocation) => T | undefined,
  limitMs: number,
): Promise<T | undefined> {
  return poll(async () => check(await locateGateway(paths)), { limitMs, pause: () => nextLook(dirname(paths.controlPath)) });
}

/** Waits while a gateway has the lock but no control socket yet. @returns the result after that */
export async function awaitStarting(paths: GatewayPaths, location: GatewayLocation): Promise<GatewayLocation> {
  if (location.kind !== 'starting') return location;
  const settled = await watchGateway(paths, (now) => (now.kind === 'starting' ? undefined : now), 15_000);
  return settled ?? location;
}

interface NewInstanceOptions {
  /** Instance id of the supervisor that has exited. */
  readonly oldInstanceId: string;
  /** How long there may be no supervisor at all; default: the whole wait, because a service manager may need that long. */
  readonly absentLimitMs?: number;
}

/** Returns a check that is satisfied when the new instance serves or has failed, or when none runs for too long. */
function makeCheck({ oldInstanceId, absentLimitMs = Infinity }: NewInstanceOptions): (now: GatewayLocation) => GatewayLocation | undefined {
  let absentSinceMs: number | undefined;
  return (now) => {
    if (now.kind === 'absent') {
      absentSinceMs ??= Date.now();
      return Date.now() - absentSinceMs >= absentLimitMs ? now : undefined;
    }
    absentSinceMs = undefined;
    if (now.kind !== 'answers' || now.status.instanceId === oldInstanceId) return undefined;
    return now.status.ready || now.status.state === 'failed' ? now : undefined;
  };
}

/**
 * Waits until a supervisor other than the one that has exited is ready.
 * @throws WORKER_NOT_READY when it does not; NOT_RUNNING when there is none; STILL_STARTING when it takes longer than a minute
 */
export async function waitForNewInstance(paths: GatewayPaths, options: NewInstanceOptions): Promise<StatusDocument> {
  const check = makeCheck(options);
  let last: GatewayLocation | undefined;
  const settled = await watchGateway(paths, (location) => check((last = location)), DEFAULT_LIMIT_MS);
  if (settled?.kind === 'answers') {
    if (settled.status.ready) return settled.status;
    throw notServing(settled.status);
  }
  if (settled !== undefined) throw leftAlone();
  if (last === undefined || last.kind === 'answers') {
    throw new GatewayError('STILL_STARTING', {
      message: `no new instance is ready after ${DEFAULT_LIMIT_MS} ms`,
      hint: 'Check again with: xopc gateway status',
    });
  }
  throw unavailableError(last);
}

function leftAlone(): GatewayError {
  return new GatewayError('NOT_RUNNING', {
    message: 'the gateway has ended, and no other has started',
    hint: 'Show the cause with: xopc gateway logs   Start it again with: xopc gateway start',
  });
}

/** Returns the error, for a command that started it, of a supervisor that runs but cannot serve. */
export function notServing(status: StatusDocument): GatewayError {
  const reason = status.lastExit === null ? `its state is ${status.state}` : `the last worker ${status.lastExit.reason}`;
  return new GatewayError('WORKER_NOT_READY', {
    message: `the gateway (pid ${status.pid}) does not serve: ${reason}; it keeps trying`,
    details: { pid: status.pid, state: status.state, lastExit: status.lastExit },
    hint: 'Show the cause with: xopc gateway logs   End it with: xopc gateway stop',
  });
}
