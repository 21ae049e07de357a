/** What each control request means: the one place that turns a client's wish into a stop, a restart or a succession. */
import type { ControlRequest, RestartResult, RestoreResult, StatusDocument } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ControlHandler, Progress } from './control-server.js';
import { stoppingError } from '../state/stop-plan.js';
import type { Restoration } from '../config/restoration.js';
import type { Succession } from '../succession/succession.js';
import type { Supervisor } from '../supervisor.js';

/** Starts that come within this time of a takeover were meant to be that takeover. */
const CONTEST_MS = 2_000;

export interface ControlContext {
  readonly supervisor: Pick<Supervisor, 'desired' | 'isRestarting' | 'requestRestart' | 'requestStop'>;
  succession(): Pick<Succession, 'isUnderWay' | 'successorPid' | 'run' | 'abort'>;
  /** We have just taken over and our predecessor still finishes its work: resolves when we serve alone. */
  arriving(): Promise<void> | undefined;
  /** We are to stop: a predecessor that still finishes its work goes with us. */
  dismissPredecessor(timeoutMs: number): void;
  restoration(): Pick<Restoration, 'run'>;
  status(): StatusDocument;
  /** How long this supervisor has served in the place of another; undefined for one that succeeded none. */
  successorForMs(): number | undefined;
  drainTimeoutMs(): number;
  /** A build other than ours is on disk. */
  isNewerInstalled(): boolean;
  /** Tries the supervisor that is installed. @throws why it could not start */
  rehearse(): Promise<void>;
  /** XOPC_NO_RESPAWN: never a new supervisor. */
  readonly noRespawn: boolean;
  /** XOPC_SERVICE_MARKER: the service manager replaces us. */
  readonly serviceMarker: string | null;
}

type Request<T extends ControlRequest['type']> = Extract<ControlRequest, { type: T }>;

export function createControlHandler(context: ControlContext): ControlHandler {
  return (request, progress) => {
    switch (request.type) {
      case 'status':
        return Promise.resolve(context.status());
      case 'stop':
        return stop(context, request, progress);
      case 'restart':
        return restart(context, request, progress);
      case 'restore':
        return restore(context, request, progress);
    }
  };
}

function stop(context: ControlContext, request: Request<'stop'>, progress: Progress): Promise<unknown> {
  const timeoutMs = request.force === true ? 0 : (request.timeoutMs ?? context.drainTimeoutMs());
  context.succession().abort(stoppingError());
  context.dismissPredecessor(timeoutMs);
  return context.supervisor.requestStop({ purpose: 'stop', timeoutMs }, progress);
}

async function restore(context: ControlContext, { restoreId, timeoutMs }: Request<'restore'>, progress: Progress): Promise<RestoreResult> {
  // The predecessor's worker still writes to what is to be replaced.
  await context.arriving();
  if (context.succession().isUnderWay) return Promise.reject(stoppingError());
  return context.restoration().run({ id: restoreId, timeoutMs: timeoutMs ?? context.drainTimeoutMs() }, progress);
}

/** In place, unless the supervisor itself is to be replaced: asked for, or because a newer build is installed. */
export function restart(
  context: ControlContext,
  request: Pick<Request<'restart'>, 'force' | 'exclusive' | 'expects' | 'succession' | 'timeoutMs'>,
  progress: Progress,
): Promise<RestartResult> {
  const { supervisor } = context;
  const succession = context.succession();
  if (supervisor.desired === 'down' && !succession.isUnderWay) return supervisor.requestRestart({ timeoutMs: undefined }, progress);
  if (request.exclusive === true) {
    const winnerPid = succession.isUnderWay ? succession.successorPid : fasterSuccessor(context, request.expects);
    if (winnerPid !== undefined) return Promise.reject(takenOverError(winnerPid));
  }
  if (succession.isUnderWay) return succession.run({}, progress);
  const arriving = context.arriving();
  if (arriving !== undefined) return arriving.then(() => restart(context, request, progress));
  const wantsReplacement = request.force === true || context.isNewerInstalled();
  if (!wantsReplacement || context.noRespawn) return supervisor.requestRestart({ timeoutMs: request.timeoutMs }, progress);
  if (supervisor.isRestarting) return restartAfterwards(context, request, progress);
  if (context.serviceMarker !== null) return leaveToServiceManager(context, request.timeoutMs, progress);
  return succession.run({ ...request.succession, timeoutMs: request.timeoutMs }, progress);
}

/** A restart that no client waits for: what came of it is in the log. */
export function restartUnasked(context: ControlContext, reason: string, log: LogPort): void {
  log.info({ reason }, 'restarting');
  restart(context, {}, () => undefined).catch((error: unknown) => log.error({ err: error, reason }, 'the restart failed'));
}

/** A restart in place that is under way comes to its end first: its callers learn what became of it. */
async function restartAfterwards(...[context, request, progress]: Parameters<typeof restart>): Promise<RestartResult> {
  await context.supervisor.requestRestart({ timeoutMs: undefined }, progress).catch(() => undefined);
  return restart(context, request, progress);
}

/**
 * A manager's next start cannot be taken back: what would keep it from serving, a broken configuration or build, is found
 * while this one serves. Without a worker there is nothing to lose.
 */
async function assertReplaceable(context: ControlContext, timeoutMs: number | undefined, progress: Progress): Promise<void> {
  if (!context.status().ready) return;
  await context.rehearse();
  await context.supervisor.requestRestart({ timeoutMs }, progress);
}

async function leaveToServiceManager(context: ControlContext, timeoutMs: number | undefined, progress: Progress): Promise<RestartResult> {
  await assertReplaceable(context, timeoutMs, progress);
  progress('draining', `${context.serviceMarker} starts the gateway again`);
  const before = context.status();
  const { durationMs } = await context.supervisor.requestStop(
    { purpose: 'serviceRestart', timeoutMs: timeoutMs ?? context.drainTimeoutMs() },
    progress,
  );
  return {
    instanceId: before.worker?.instanceId ?? '',
    workerPid: before.worker?.pid ?? 0,
    pid: process.pid,
    succession: 'service-manager',
    durationMs,
  };
}

/**
 * Of several `--force` starts at once one wins; those that find its successor in the place of whom they meant have lost to it,
 * and so have those that were slow to begin and find it fresh.
 */
function fasterSuccessor(context: ControlContext, expects: string | undefined): number | undefined {
  if (expects !== undefined && expects !== context.status().instanceId) return process.pid;
  const forMs = context.successorForMs();
  return forMs !== undefined && forMs < CONTEST_MS ? process.pid : undefined;
}

function takenOverError(pid: number): GatewayError {
  return new GatewayError('LOCK_HELD', {
    message: `another start has just taken the gateway over: pid ${pid}`,
    details: { pid },
    hint: 'See it with: xopc gateway status',
  });
}
