/** Carries out control requests: decides whether a request becomes a stop, a restart in place, a succession or a restore. */
import type { Clock } from '../../../shared/clock.js';
import { MAX_DRAIN_TIMEOUT_MS } from '../../../shared/config/defaults.js';
import type { ControlRequest, RestartResult, RestoreResult, StopResult, SuccessionOptions } from '../../../shared/control/messages.js';
import { otherOptionsError } from '../../../shared/control/other-options.js';
import { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ControlHandler, Progress } from './control-server.js';
import { inProgressError, stoppingError } from '../state/stop-plan.js';
import type { GatewayStatus } from './gateway-status.js';
import { withinLimit } from './wait-limit.js';
import type { ConfigChanges } from '../config/config-changes.js';
import type { LiveConfig } from '../config/live-config.js';
import type { Restoration } from '../config/restoration.js';
import type { PredecessorLink } from '../succession/predecessor-link.js';
import type { Succession } from '../succession/succession.js';
import type { Supervisor } from '../supervisor.js';

export interface ControlContext {
  readonly clock: Clock;
  readonly supervisor: Pick<Supervisor, 'desired' | 'isRestarting' | 'requestRestart' | 'requestStop'>;
  readonly succession: Pick<Succession, 'isUnderWay' | 'successorPid' | 'run' | 'abort'>;
  /** Set for a successor. */
  readonly predecessor?: Pick<PredecessorLink, 'arriving' | 'dismiss'> | undefined;
  readonly restoration: Pick<Restoration, 'run'>;
  readonly config: { readonly settings: { readonly drainTimeoutMs: number } } & Pick<LiveConfig, 'removed'>;
  readonly status: Pick<GatewayStatus, 'document'>;
  readonly changes: Pick<ConfigChanges, 'token' | 'moving'>;
  /** Whether the build on disk differs from the running one. */
  isNewerInstalled(): boolean;
  /** Checks that the installed supervisor can start. @throws the reason why it cannot */
  rehearse(): Promise<void>;
  /** XOPC_NO_RESPAWN is set: never start a new supervisor. */
  readonly noRespawn: boolean;
  /** XOPC_SERVICE_MARKER is set: the service manager starts the replacement. */
  readonly serviceMarker: string | null;
}

type Request<T extends ControlRequest['type']> = Extract<ControlRequest, { type: T }>;

export function createControlHandler(context: ControlContext): ControlHandler {
  return (request, progress) => {
    switch (request.type) {
      case 'status':
        return Promise.resolve(context.status.document());
      case 'stop':
        return stop(context, request, progress);
      case 'restart':
        return withinLimit(context.clock, restart(context, request, progress), () => isLeaving(context));
      case 'token':
        return Promise.resolve(context.changes.token ?? null);
      case 'restore':
        return restore(context, request, progress);
    }
  };
}

/** The client of a service also waits for its drain, and for the gateway that the service manager starts next. */
function isLeaving({ serviceMarker, supervisor }: ControlContext): boolean {
  return serviceMarker !== null && supervisor.desired === 'down';
}

function stop(context: ControlContext, request: Request<'stop'>, progress: Progress): Promise<StopResult> {
  return stopForGood(context, request.force === true ? 0 : (request.timeoutMs ?? context.config.settings.drainTimeoutMs), progress);
}

/** Stops this gateway, and with it a successor that does not serve yet or a predecessor that is still finishing its work. */
export function stopForGood(context: ControlContext, timeoutMs: number, progress: Progress): Promise<StopResult> {
  context.succession.abort(stoppingError());
  context.predecessor?.dismiss(timeoutMs);
  return context.supervisor.requestStop({ purpose: 'stop', timeoutMs }, progress);
}

async function restore(context: ControlContext, { restoreId, timeoutMs }: Request<'restore'>, progress: Progress): Promise<RestoreResult> {
  // The predecessor's worker still writes to the state that the restore replaces.
  await context.predecessor?.arriving;
  if (context.succession.isUnderWay) return Promise.reject(inProgressError('a restart'));
  return context.restoration.run({ id: restoreId, timeoutMs: timeoutMs ?? context.config.settings.drainTimeoutMs }, progress);
}

/**
 * Restarts in place, unless the supervisor itself must be replaced: on request, or because a newer build is installed. Waits for the
 * end, however long that takes.
 */
export function restart(
  context: ControlContext,
  request: Pick<Request<'restart'>, 'force' | 'exclusive' | 'expects' | 'succession' | 'timeoutMs'>,
  progress: Progress,
): Promise<RestartResult> {
  const { supervisor, succession, changes } = context;
  const refusal = refuseOptions(context, request.succession);
  if (refusal !== undefined) return Promise.reject(refusal);
  if (supervisor.desired === 'down' && !succession.isUnderWay) {
    // Is rejected with the reason of the stop.
    if (!supervisor.isRestarting) return supervisor.requestRestart({ timeoutMs: request.timeoutMs }, progress);
    // The supervisor is already exiting to be started again, which is what this caller wants.
    return exitToRestart(context, request.timeoutMs ?? MAX_DRAIN_TIMEOUT_MS, progress);
  }
  if (request.exclusive === true) {
    const winnerPid = winnerOf(context, request.expects);
    if (winnerPid !== undefined) return Promise.reject(takenOverError(winnerPid));
  }
  if (succession.isUnderWay) return succession.run({}, progress);
  const arriving = context.predecessor?.arriving;
  if (arriving !== undefined) return restartAfter(arriving, context, request, progress);
  // The new worker or supervisor would treat a missing file as a request for the defaults.
  const removed = context.config.removed();
  if (removed.length > 0) return Promise.reject(configInvalid(removed[0]?.file ?? '', removed));
  const wantsReplacement = request.force === true || context.isNewerInstalled();
  if (!wantsReplacement || context.noRespawn) return supervisor.requestRestart({ timeoutMs: request.timeoutMs }, progress);
  if (supervisor.isRestarting) return restartAfterwards(context, request, progress);
  if (context.serviceMarker !== null) return leaveToServiceManager(context, request.timeoutMs, progress);
  // The successor would find that this gateway has bound the address to which both move.
  if (changes.moving !== undefined) return restartAfter(changes.moving, context, request, progress);
  return succession.run({ ...request.succession, timeoutMs: request.timeoutMs }, progress);
}

/** Only a successor that this supervisor starts itself gets the options of a takeover. */
function refuseOptions(context: ControlContext, wanted: SuccessionOptions | undefined): GatewayError | undefined {
  const { status, changes, noRespawn, serviceMarker } = context;
  if (wanted === undefined || (!noRespawn && serviceMarker === null)) return undefined;
  const { host, port } = status.document();
  // Before the first worker is active, the token is unknown, and may well be the wanted one.
  const inForce = { host, port, ...definedFields({ token: changes.token?.token ?? wanted.token }) };
  return otherOptionsError({ wanted, inForce, serviceMarker: noRespawn ? null : serviceMarker });
}

/** Restarts once something else has ended, which may take up to a drain time. */
async function restartAfter(ended: Promise<void>, ...[context, request, progress]: Parameters<typeof restart>): Promise<RestartResult> {
  const startedAtMs = context.clock.now();
  await ended;
  const result = await restart(context, request, progress);
  return { ...result, durationMs: context.clock.now() - startedAtMs };
}

interface Unasked {
  readonly reason: string;
  readonly log: LogPort;
  /** Replaces the supervisor too, as `restart --force` does. */
  readonly force?: boolean;
}

/** Restarts without a waiting client; the outcome is logged. */
export function restartUnasked(context: ControlContext, { reason, log, force = false }: Unasked): void {
  log.info({ reason }, 'restarting');
  restart(context, { force }, () => undefined).catch((error: unknown) => {
    // A signal to all processes of a gateway stops it, even if its worker requests a restart.
    if (context.supervisor.desired === 'down') log.info({ reason }, 'no restart: the gateway is stopping');
    else log.error({ err: error, reason }, 'the restart failed');
  });
}

/** Waits for a restart in place that is in progress, so that its callers get its outcome. */
async function restartAfterwards(...[context, request, progress]: Parameters<typeof restart>): Promise<RestartResult> {
  await context.supervisor.requestRestart({ timeoutMs: undefined }, progress).catch(() => undefined);
  return restart(context, request, progress);
}

/**
 * Detects a broken configuration or build while this process still serves, because an exit for the service manager's next start
 * cannot be undone. Without a ready worker there is nothing to lose.
 */
async function assertReplaceable(context: ControlContext, timeoutMs: number | undefined, progress: Progress): Promise<void> {
  if (!context.status.document().ready) return;
  await context.rehearse();
  await context.supervisor.requestRestart({ timeoutMs }, progress);
}

async function leaveToServiceManager(context: ControlContext, timeoutMs: number | undefined, progress: Progress): Promise<RestartResult> {
  await assertReplaceable(context, timeoutMs, progress);
  return exitToRestart(context, timeoutMs ?? context.config.settings.drainTimeoutMs, progress);
}

/**
 * Exits so that the service manager starts the next supervisor, or joins an exit in progress; `timeoutMs` can only shorten the
 * drain.
 */
async function exitToRestart(context: ControlContext, timeoutMs: number, progress: Progress): Promise<RestartResult> {
  progress(`the service manager (${context.serviceMarker}) restarts the gateway`);
  const before = context.status.document();
  const { durationMs } = await context.supervisor.requestStop({ purpose: 'serviceRestart', timeoutMs }, progress);
  return {
    instanceId: before.worker?.instanceId ?? '',
    workerPid: before.worker?.pid ?? 0,
    pid: process.pid,
    succession: 'service-manager',
    durationMs,
  };
}

/**
 * Returns the pid of the winner if another takeover was faster than the caller's: one from or to this supervisor goes on, or the
 * supervisor that the caller found has been replaced.
 */
function winnerOf({ succession, predecessor, status }: ControlContext, expects: string | undefined): number | undefined {
  if (succession.isUnderWay) return succession.successorPid;
  const isReplaced = expects !== undefined && expects !== status.document().instanceId;
  return isReplaced || predecessor?.arriving !== undefined ? process.pid : undefined;
}

function takenOverError(pid: number): GatewayError {
  return new GatewayError('LOCK_HELD', {
    message: `another process has just taken over the gateway: pid ${pid}`,
    details: { pid },
    hint: 'See it with: xopc gateway status',
  });
}
