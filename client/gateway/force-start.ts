/** Prepares a start with `--force`: replaces or ends whatever is in the way. */
import type { SuccessionOptions } from '../../shared/control/messages.js';
import { otherOptionsError } from '../../shared/control/other-options.js';
import { GatewayError } from '../../shared/errors.js';
import { definedFields } from '../../shared/fields.js';
import { alreadyRuns } from '../../shared/node/files/gateway-locks.js';
import { isHostFixed } from '../../shared/node/listen-error.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { freePort, gatewayAmong, portTaken } from '../ports/free-port.js';
import { awaitServiceManager, isServiceProcess, startService } from '../service/await-service.js';
import { recordOf } from '../service/files/install-record.js';
import { callControl, hasLeft, RESTART_DEADLINES } from './control-client.js';
import { TERM_GRACE_MS } from './end/end-process.js';
import { killGateway } from './end/kill-gateway.js';
import { stopToMove } from './end/stop-to-move.js';
import { readKnownToken } from './gateway-settings.js';
import { type AnsweringGateway, locateGateway, unavailableError } from './locate-gateway.js';
import { awaitStopping, refuseAlias, refuseCompetitor, type StartChecks } from './start-checks.js';
import { readFormerStart } from './start-again.js';
import { requireValidBeforeEnd } from './start-config.js';
import { lastingStrangersOn } from './taken-port.js';
import { awaitStarting } from './wait-ready.js';

interface ForcedStart {
  /** The options given. */
  readonly request: SuccessionOptions;
  readonly checks: StartChecks;
}

export interface Takeover {
  /** The supervisor that serves now. */
  readonly pid: number;
  readonly workerPid: number;
  readonly succession: 'none' | 'successor' | 'service-manager';
  /** A service manager runs it. */
  readonly isService: boolean;
}

/** @returns undefined when it has exited meanwhile and no other has taken its place, or when it was stopped to move to another host */
async function takeOver(gateway: AnsweringGateway, { request, checks }: ForcedStart): Promise<Takeover | undefined> {
  const { controlPath, status } = gateway;
  refuseCompetitor(status.startedAt, status, checks.paths);
  const onProgress = ({ message }: { message: string }): void => void checks.note(`Taking over: ${message}`);
  const call = { type: 'restart', force: true, exclusive: true, expects: status.instanceId, succession: request } as const;
  try {
    const result = await callControl(controlPath, call, { deadlines: RESTART_DEADLINES, onProgress });
    const isService = status.supervisedBy !== null;
    if (result.succession !== 'service-manager') return { ...result, isService };
    const { pid, worker } = await awaitServiceManager(checks.paths, status.instanceId);
    return { pid, workerPid: worker?.pid ?? 0, succession: result.succession, isService };
  } catch (error) {
    if (isHostFixed(error) && status.supervisedBy === null) {
      await stopToMove(gateway, { paths: checks.paths, refusal: error, note: (text) => checks.note(text) });
      return undefined;
    }
    // It exited during the request, either because of another takeover or permanently.
    const isGone = hasLeft(error) || (error instanceof GatewayError && error.code === 'NOT_RUNNING');
    const now = isGone ? await locateGateway(checks.paths) : undefined;
    if (now?.kind === 'answers') throw alreadyRuns(now.status, checks.paths.configPath);
    if (now?.kind === 'absent') return undefined;
    throw error;
  }
}

interface HungService {
  readonly lock: LockRecord;
  readonly paths: GatewayPaths;
  readonly environment: Readonly<Record<string, string>> | undefined;
}

/** @throws CONFLICT for options that the service manager would not start it with */
function refuseOtherOptions(wanted: SuccessionOptions, { lock, paths, environment }: HungService): void {
  const known = wanted.token === undefined ? undefined : readKnownToken(paths, { token: environment?.['XOPC_GATEWAY_TOKEN'] || undefined });
  const inForce = { host: lock.host, port: lock.port, ...definedFields({ token: known?.token }) };
  const error = otherOptionsError({ wanted, inForce, serviceMarker: recordOf(paths)?.plan.marker ?? null });
  if (error !== undefined) throw error;
}

/** @returns the gateway that the service manager started in its place; undefined when the caller has to start one */
async function endSilent(lock: LockRecord, { request, checks }: ForcedStart): Promise<Takeover | undefined> {
  refuseCompetitor(lock.createdAt, lock, checks.paths);
  const isService = await isServiceProcess(checks.paths, lock.pid);
  // Its service manager starts it again with the same environment.
  const environment = isService ? readFormerStart(lock)?.environment : undefined;
  requireValidBeforeEnd(checks.paths, environment);
  if (isService) refuseOtherOptions(request, { lock, paths: checks.paths, environment });
  await checks.note(`The gateway (pid ${lock.pid}) is not responding; ending it ...`);
  await killGateway(lock, checks.paths.lockPath, { termMs: TERM_GRACE_MS });
  if (!isService) return undefined;
  const { pid, worker } = await startService(checks.paths, lock.instanceId);
  return { pid, workerPid: worker?.pid ?? 0, succession: 'service-manager', isService };
}

/**
 * Prepares a start with `--force`: a gateway that answers is replaced, one that does not is ended, and so is another program on the port.
 * @returns the takeover when there is already a successor; undefined when the caller has to start
 * @throws LOCK_HELD when another start has won; CONTROL_UNREACHABLE; PORT_TAKEN for a process that must not be ended; CONFIG_INVALID or
 *   CONFLICT before anything is ended
 */
export async function forceStart(checks: StartChecks, request: SuccessionOptions): Promise<Takeover | undefined> {
  const found = await locateGateway(checks.paths);
  await refuseAlias(checks.paths);
  if (found.kind === 'starting') refuseCompetitor(found.lock.createdAt, found.lock, checks.paths);
  const location = await awaitStopping(checks, await awaitStarting(checks.paths, found));
  switch (location.kind) {
    case 'answers': {
      const takeover = await takeOver(location, { request, checks });
      if (takeover !== undefined) return takeover;
      break;
    }
    case 'starting':
      throw alreadyRuns(location.lock, checks.paths.configPath);
    case 'foreign':
      throw unavailableError(location);
    case 'silent':
      if (location.lock === undefined) throw unavailableError(location);
      {
        const takeover = await endSilent(location.lock, { request, checks });
        if (takeover !== undefined) return takeover;
      }
      break;
    case 'absent':
  }
  if (checks.isSocketPassed) return undefined;
  const listen = await checks.listen();
  const dead = location.kind === 'answers' ? undefined : location.lock;
  const strangers = await lastingStrangersOn(checks, { listen, dead });
  if (strangers.length === 0) return undefined;
  if (checks.rejected.length === 0) requireValidBeforeEnd(checks.paths);
  if (gatewayAmong(strangers, checks.paths) !== undefined)
    throw portTaken({ port: listen.port, service: checks.service }, strangers, checks.paths);
  await freePort({ ...listen, service: checks.service }, (text) => checks.note(text));
  return undefined;
}
